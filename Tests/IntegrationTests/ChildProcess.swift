import Foundation
import Glibc
import Locks

/// A program that runs beside the tests. It is killed when the last reference to it goes.
final class ChildProcess: Sendable {
  /// How a program that ran to its end did.
  struct Result: Sendable {
    /// The exit code, or minus the number of the signal that ended it.
    let status: Int32
    let output: String
    let errors: String
  }

  private struct State {
    var status: Int32?
    var waiters: [CheckedContinuation<Int32, Never>] = []
  }

  let output: LineLog
  let errors: LineLog
  let identifier: pid_t
  private let process: Process
  private let state: SharedState

  /// Locked state that the termination handler may keep alive without keeping the process alive.
  private final class SharedState: Sendable {
    let value = Mutex(State())

    func end(_ status: Int32) {
      let waiters = value.withLock { state in
        state.status = status
        defer { state.waiters = [] }
        return state.waiters
      }
      for waiter in waiters { waiter.resume(returning: status) }
    }
  }

  /// Starts the program at `path`. It gets `environment` and a `PATH`, nothing else of ours.
  init(_ path: String, _ arguments: [String], environment: [String: String] = [:], directory: String? = nil) throws {
    let process = Process()
    let output = Pipe()
    let errors = Pipe()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    let inherited = ["PATH", "TMPDIR", "LANG"].compactMap { name in ProcessInfo.processInfo.environment[name].map { (name, $0) } }
    process.environment = Dictionary(inherited) { $1 }.merging(environment) { $1 }
    if let directory { process.currentDirectoryURL = URL(filePath: directory) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = errors
    let state = SharedState()
    process.terminationHandler = { process in
      state.end(process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus)
    }
    try process.run()
    self.process = process
    self.state = state
    self.output = LineLog(reading: output.fileHandleForReading)
    self.errors = LineLog(reading: errors.fileHandleForReading)
    identifier = process.processIdentifier
  }

  deinit { signal(SIGKILL) }

  var isRunning: Bool { state.value.withLock { $0.status == nil } }

  /// Sends a signal, unless the program has ended: then its id may be another's.
  func signal(_ number: Int32) {
    state.value.withLock { state in
      if state.status == nil { _ = kill(identifier, number) }
    }
  }

  /// Waits for the program's end.
  func end() async -> Int32 {
    await withCheckedContinuation { continuation in
      let status = state.value.withLock { state in
        if state.status == nil { state.waiters.append(continuation) }
        return state.status
      }
      if let status { continuation.resume(returning: status) }
    }
  }

  /// Runs a program to its end.
  static func run(
    _ path: String, _ arguments: [String], environment: [String: String] = [:], directory: String? = nil
  ) async throws -> Result {
    let child = try ChildProcess(path, arguments, environment: environment, directory: directory)
    let status = await child.end()
    await child.output.end()
    await child.errors.end()
    return Result(status: status, output: child.output.text, errors: child.errors.text)
  }
}
