/// A clock seen as the time since a start. Freshness and intervals are measured by it, for the wall clock jumps.
struct MonotonicTime: Sendable {
  /// The time since the start.
  let elapsed: @Sendable () -> Duration
  /// Waits until so long after the start; throws where the task is cancelled.
  let sleep: @Sendable (_ until: Duration) async throws -> Void

  init<C: Clock>(_ clock: C) where C.Duration == Duration {
    let start = clock.now
    elapsed = { start.duration(to: clock.now) }
    sleep = { try await clock.sleep(until: start.advanced(by: $0), tolerance: nil) }
  }
}
