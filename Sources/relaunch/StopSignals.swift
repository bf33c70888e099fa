import Dispatch
import Glibc
import Locks

/// SIGTERM and SIGINT, awaited.
///
// @unchecked: `sources` is constant and only kept alive; the rest is locked.
final class StopSignals: @unchecked Sendable {
  /// How soon the process is to end.
  enum Urgency: Int, Comparable {
    /// In order, and not before others have learned of it: the first SIGTERM, as the kubelet sends it.
    case inOrder = 1
    /// In order: SIGINT, from a person at a terminal.
    case soon
    /// Without waiting for what can be done after the next start: a second signal.
    case now

    static func < (left: Urgency, right: Urgency) -> Bool { left.rawValue < right.rawValue }
  }

  private struct State {
    var urgency: Urgency?
    var waiters: [Int: (urgency: Urgency, continuation: CheckedContinuation<Void, Never>)] = [:]
    var waiterCount = 0

    /// Takes out those whose wait is over.
    mutating func release() -> [CheckedContinuation<Void, Never>] {
      guard let urgency else { return [] }
      let released = waiters.filter { $0.value.urgency <= urgency }
      for number in released.keys { waiters[number] = nil }
      return released.values.map(\.continuation)
    }
  }

  private let state = Mutex(State())
  private let sources: [any DispatchSourceSignal]

  init() {
    // A peer that is gone is an error of a call, not the end of the process; so is a file that grows too large.
    for number in [SIGPIPE, SIGXFSZ] { _ = signal(number, SIG_IGN) }
    sources = [SIGTERM, SIGINT].map { number in
      _ = signal(number, SIG_IGN)
      return DispatchSource.makeSignalSource(signal: number, queue: .global())
    }
    for (source, urgency) in zip(sources, [Urgency.inOrder, .soon]) {
      source.setEventHandler { @Sendable [weak self] in self?.trigger(urgency) }
      source.activate()
    }
  }

  /// Asks for the end; the second time it is to come at once.
  func trigger(_ urgency: Urgency) {
    let released = state.withLock { state in
      state.urgency = state.urgency == nil ? urgency : .now
      return state.release()
    }
    for continuation in released { continuation.resume() }
  }

  /// Whether the end is to come as soon as `urgency` says.
  func isAtLeast(_ urgency: Urgency) -> Bool { state.withLock { $0.urgency.map { $0 >= urgency } ?? false } }

  /// Returns when it is, or when the task is cancelled.
  func wait(for urgency: Urgency) async {
    let number = state.withLock { state in
      state.waiterCount += 1
      return state.waiterCount
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let released = state.withLock { state in
          state.waiters[number] = (urgency, continuation)
          return Task.isCancelled ? [state.waiters.removeValue(forKey: number)?.continuation].compactMap(\.self) : state.release()
        }
        for continuation in released { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: number)?.continuation }?.resume()
    }
  }

  /// The same, for `limit` at most.
  func wait(for urgency: Urgency, atMost limit: Duration) async {
    await withTaskGroup { race in
      race.addTask { await self.wait(for: urgency) }
      race.addTask { try? await Task.sleep(for: limit) }
      await race.next()
      race.cancelAll()
    }
  }
}
