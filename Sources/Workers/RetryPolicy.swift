/// When a failed attempt is made again: exponential backoff with full jitter.
package struct RetryPolicy: Hashable, Sendable {
  /// The upper bound of the first wait; it doubles with each attempt.
  package var base: Duration
  /// The upper bound of every wait, unless a target asks for more.
  package var cap: Duration
  /// Attempts in all, the first included; at least one is made.
  package var attemptsLimit: Int

  package init(base: Duration = .seconds(1), cap: Duration = .seconds(300), attemptsLimit: Int = 10) {
    self.base = base
    self.cap = cap
    self.attemptsLimit = attemptsLimit
  }

  /// The wait after `attempt` (1 is the first) failed: random in 0 ... min(cap, base × 2^(attempt − 1)), and at least `retryAfter`.
  ///
  /// - Returns: nil when no attempt is left.
  package func delay(
    afterAttempt attempt: Int, retryAfter: Duration? = nil, using generator: inout some RandomNumberGenerator
  ) -> Duration? {
    guard attempt < attemptsLimit else { return nil }
    let bound = bound(afterAttempt: attempt)
    // Milliseconds are fine enough for a wait, and fit 64 bits whatever the durations are.
    let jittered = Duration.milliseconds(Int64.random(in: 0...bound.wholeMilliseconds, using: &generator))
    return max(jittered, retryAfter ?? .zero)
  }

  /// The upper bound of the wait after `attempt`. Doubling stops at the cap, so nothing overflows.
  package func bound(afterAttempt attempt: Int) -> Duration {
    var bound = max(.zero, base)
    var doublings = attempt - 1
    while doublings > 0, bound > .zero, bound < cap {
      bound = bound + bound
      doublings -= 1
    }
    return max(.zero, min(bound, cap))
  }
}

extension Duration {
  /// The duration in milliseconds, rounded down, saturating.
  fileprivate var wholeMilliseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    let (sum, carried) = product.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
    return overflow || carried ? .max : sum
  }
}
