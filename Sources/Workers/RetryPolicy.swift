/// When a failed attempt is made again, and when no more: exponential backoff with full jitter.
package struct RetryPolicy: Hashable, Sendable {
  /// Why an item is given up.
  package enum Limit: Hashable, Sendable {
    case attempts, refusals, deadline
  }

  /// The upper bound of the first wait; it doubles with each attempt.
  package var base: Duration
  /// The upper bound of every wait, unless a target asks for more.
  package var cap: Duration
  /// Attempts at one item in all, the first included; at least one is made.
  package var attemptsLimit: Int
  /// Attempts at one item that end with its being refused, the first included.
  package var refusalsLimit: Int
  /// An item that is older when an attempt fails is given up; nil for no limit.
  package var deadline: Duration?

  package init(
    base: Duration = .seconds(1), cap: Duration = .seconds(300), attemptsLimit: Int = 10, refusalsLimit: Int = 3,
    deadline: Duration? = nil
  ) {
    self.base = base
    self.cap = cap
    self.attemptsLimit = attemptsLimit
    self.refusalsLimit = refusalsLimit
    self.deadline = deadline
  }

  /// The limit that an item has reached after `attempts` failed, so many of them by refusals; nil where it may be attempted once more.
  package func limit(attempts: Int, refusals: Int, age: Duration) -> Limit? {
    if refusals > 0, refusals >= refusalsLimit { return .refusals }
    if attempts >= attemptsLimit, attempts > 0 { return .attempts }
    if let deadline, age > deadline { return .deadline }
    return nil
  }

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
