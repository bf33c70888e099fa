/// When a failed attempt is made again: exponential backoff with full jitter.
package struct RetryPolicy: Hashable, Sendable {
  /// The upper bound of the first wait; it doubles with each attempt.
  package var base: Duration
  /// The upper bound of every wait, unless a target asks for more.
  package var cap: Duration
  /// Attempts at one item in all, the first included; at least one is made.
  package var attemptsLimit: Int

  package init(base: Duration = .seconds(1), cap: Duration = .seconds(300), attemptsLimit: Int = 10) {
    self.base = base
    self.cap = cap
    self.attemptsLimit = attemptsLimit
  }

  /// Whether an item may be attempted once more after `attempts` failed.
  package func allowsAnother(after attempts: Int) -> Bool { attempts < attemptsLimit }

  /// The wait after so many `failures` in a row: random in 0 ... min(cap, base × 2^(failures − 1)), and at least `retryAfter`.
  package func wait(
    afterFailures failures: Int, retryAfter: Duration? = nil, using generator: inout some RandomNumberGenerator
  ) -> Duration {
    let bound = bound(afterFailures: failures)
    // Milliseconds are fine enough for a wait, and fit 64 bits whatever the durations are.
    let jittered = Duration.milliseconds(Int64.random(in: 0...bound.wholeMilliseconds, using: &generator))
    return max(jittered, retryAfter ?? .zero)
  }

  /// The upper bound of the wait after so many `failures` in a row. Doubling stops at the cap, so nothing overflows.
  package func bound(afterFailures failures: Int) -> Duration {
    var bound = max(.zero, base)
    var doublings = failures - 1
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
