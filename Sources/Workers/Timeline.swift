/// A clock read as the time since the timeline began, which hides the type of its instants.
struct Timeline: Sendable {
  let now: @Sendable () -> Duration
  /// Returns at that time, or as soon as the task is cancelled.
  let sleep: @Sendable (_ until: Duration) async -> Void

  init<Source: Clock>(_ clock: Source) where Source.Duration == Duration {
    let start = clock.now
    now = { start.duration(to: clock.now) }
    sleep = { try? await clock.sleep(until: start.advanced(by: $0), tolerance: nil) }
  }
}
