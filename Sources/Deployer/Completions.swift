import Locks

/// Who waits for an event's end, for sources with `ack: completed`.
final class Completions: Sendable {
  private struct Waiter: Sendable {
    let since = ContinuousClock.now
    let then: @Sendable () -> Void
  }

  private let ledger: Ledger
  /// Nobody waits longer: the connection has been given up then.
  private let limit: Duration
  private let waiting = Mutex<[String: [Waiter]]>([:])

  /// - Parameter limit: how long whoever waits is there to be told.
  init(ledger: Ledger, limit: Duration) {
    self.ledger = ledger
    self.limit = limit
  }

  /// Calls `then` once the event is finished, which may be now. Each copy of a message waits anew, and those that waited before it and
  /// are gone are forgotten: an outage of hours brings a great many.
  func wait(for eventID: String, then: @escaping @Sendable () -> Void) {
    let waiter = Waiter(then: then)
    waiting.withLock { waiting in
      waiting[eventID, default: []].removeAll { $0.since + limit < waiter.since }
      waiting[eventID, default: []].append(waiter)
    }
    check(eventID)
  }

  /// Looks whether the event is finished. Called after each record that may have finished it.
  func check(_ eventID: String) {
    guard waiting.withLock({ $0[eventID] != nil }), ledger.read({ $0[eventID]?.isFinished ?? true }) else { return }
    for waiter in waiting.withLock({ $0.removeValue(forKey: eventID) }) ?? [] { waiter.then() }
  }
}
