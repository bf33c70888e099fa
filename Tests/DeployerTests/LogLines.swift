import Logging
import Locks

/// The log lines of a test, to be waited for: each stage of the pipeline ends with one.
final class LogLines: Sendable {
  private struct State {
    var lines: [String] = []
    var waiters: [(words: [String], count: Int, continuation: CheckedContinuation<Void, Never>)] = []

    func count(_ words: [String]) -> Int { lines.count { line in words.allSatisfy { line.contains($0) } } }
  }

  private let state = Mutex(State())

  var all: [String] { state.withLock { $0.lines } }

  /// Returns once `count` lines have all of `words`, or when the test's time is up.
  func reach(_ count: Int = 1, _ words: String...) async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isWaiting = state.withLock { state in
          let isWaiting = state.count(words) < count
          if isWaiting { state.waiters.append((words, count, continuation)) }
          return isWaiting
        }
        if !isWaiting { continuation.resume() }
        // The cancellation handler may have come too early to find the waiter.
        if isWaiting, Task.isCancelled { giveUp() }
      }
    } onCancel: {
      giveUp()
    }
  }

  private func giveUp() {
    let waiters = state.withLock { state in
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.continuation.resume() }
  }

  private func append(_ line: String) {
    let reached = state.withLock { state in
      state.lines.append(line)
      let reached = state.waiters.filter { state.count($0.words) >= $0.count }
      state.waiters = state.waiters.filter { state.count($0.words) < $0.count }
      return reached
    }
    for waiter in reached { waiter.continuation.resume() }
  }

  var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }

  private struct Handler: LogHandler {
    let lines: LogLines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let pairs = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      lines.append((["\(event.message)"] + pairs).joined(separator: " "))
    }
  }
}
