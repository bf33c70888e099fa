/// An allowance that is used up and comes back with time.
///
/// Kept as the time at which it will be whole again (the "generic cell rate algorithm"): exact, without fractions of tokens.
struct TokenBucket {
  private let interval: Duration
  private let depth: Duration
  private var wholeAt: ContinuousClock.Instant?

  init(_ allowance: HTTP2Limits.Allowance) {
    interval = .seconds(1) / allowance.perSecond
    depth = interval * allowance.burst
  }

  /// Takes one; false where there is none left.
  mutating func take(_ now: ContinuousClock.Instant) -> Bool {
    let next = max(wholeAt ?? now, now) + interval
    guard next - now <= depth else { return false }
    wholeAt = next
    return true
  }
}
