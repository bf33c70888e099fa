import Synchronization

/// Who waits for an event's end, for sources with `ack: completed`.
final class Completions: Sendable {
  private let ledger: Ledger
  private let waiting = Mutex<[String: [@Sendable () -> Void]]>([:])

  init(ledger: Ledger) { self.ledger = ledger }

  /// Calls `then` once the event is finished, which may be now.
  func wait(for eventID: String, then: @escaping @Sendable () -> Void) {
    waiting.withLock { $0[eventID, default: []].append(then) }
    check(eventID)
  }

  /// Looks whether the event is finished. Called after each record that may have finished it.
  func check(_ eventID: String) {
    guard waiting.withLock({ $0[eventID] != nil }), ledger.read({ $0[eventID]?.isFinished ?? true }) else { return }
    for then in waiting.withLock({ $0.removeValue(forKey: eventID) }) ?? [] { then() }
  }
}
