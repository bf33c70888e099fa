/// What a pool has in hand, for metrics and for people.
package struct WorkerPoolSnapshot: Hashable, Sendable {
  /// Items not in flight, those in backoff included.
  package var waiting: Int
  /// Items being attempted now.
  package var inFlight: Int
  /// Keys whose next attempt waits for its time.
  package var inBackoff: Int

  package init(waiting: Int, inFlight: Int, inBackoff: Int) {
    self.waiting = waiting
    self.inFlight = inFlight
    self.inBackoff = inBackoff
  }
}
