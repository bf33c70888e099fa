import Dispatch
import Foundation
import Locks

/// The lines that a child process writes to one of its outputs, kept and awaited.
final class LineLog: Sendable {
  private struct State {
    var lines: [String] = []
    var isEnded = false
    var waiters: [Int: Waiter] = [:]
    var nextWaiter = 0
  }

  private struct Waiter {
    let matches: @Sendable (String) -> Bool
    let continuation: CheckedContinuation<String?, Never>
  }

  private let state = Mutex(State())

  /// Reads `handle` on a thread of its own until its end.
  init(reading handle: FileHandle) {
    DispatchQueue(label: "test.lines").async { [self] in
      var rest: [UInt8] = []
      while true {
        let data = handle.availableData
        if data.isEmpty { break }
        rest += data
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
          add(String(decoding: rest[..<end], as: UTF8.self))
          rest.removeSubrange(...end)
        }
      }
      if !rest.isEmpty { add(String(decoding: rest, as: UTF8.self)) }
      finish()
    }
  }

  /// All lines so far.
  var lines: [String] { state.withLock { $0.lines } }
  var text: String { lines.joined(separator: "\n") }

  /// Waits for a line that `matches`, one that has come before included.
  /// - Returns: nil where the output ended, or the time was up, without one.
  func first(within limit: Duration = .seconds(30), where matches: @escaping @Sendable (String) -> Bool) async -> String? {
    await withCheckedContinuation { continuation in
      let (found, waiter): (String??, Int?) = state.withLock { state in
        if let line = state.lines.first(where: matches) { return (.some(line), nil) }
        if state.isEnded { return (.some(nil), nil) }
        state.nextWaiter += 1
        state.waiters[state.nextWaiter] = Waiter(matches: matches, continuation: continuation)
        return (nil, state.nextWaiter)
      }
      if let found { return continuation.resume(returning: found) }
      guard let waiter else { return }
      DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(Int(limit.components.seconds))) { [self] in
        state.withLock { $0.waiters.removeValue(forKey: waiter) }?.continuation.resume(returning: nil)
      }
    }
  }

  /// Waits for the output's end.
  func end() async { _ = await first { _ in false } }

  private func add(_ line: String) {
    let served = state.withLock { state in
      state.lines.append(line)
      let served = state.waiters.filter { $0.value.matches(line) }
      for key in served.keys { state.waiters[key] = nil }
      return served.values.map(\.continuation)
    }
    for continuation in served { continuation.resume(returning: line) }
  }

  private func finish() {
    let left = state.withLock { state in
      state.isEnded = true
      defer { state.waiters = [:] }
      return state.waiters.values.map(\.continuation)
    }
    for continuation in left { continuation.resume(returning: nil) }
  }
}
