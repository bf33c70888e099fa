/// The permissions to begin an attempt that one rate gives.
///
/// Kept as the time of the last one (the "generic cell rate algorithm"): exact, without fractions of tokens. The first comes at once;
/// then they come an interval apart, and those that nobody takes can be taken later, up to the rate's slack. That is how Argo's sensors
/// count (go.uber.org/ratelimit).
struct RateBucket: Sendable {
  private var rate: WorkClaim.Rate
  private var last: Duration

  /// A bucket whose first permission is taken at `now`.
  init(_ rate: WorkClaim.Rate, takenAt now: Duration) {
    self.rate = rate
    last = now
  }

  /// When the next permission is there; it may be long past. The rules may give the name another rate at any time.
  func next(_ rate: WorkClaim.Rate, now: Duration) -> Duration {
    max(last + rate.interval, now - rate.interval * rate.slack)
  }

  mutating func take(_ rate: WorkClaim.Rate, now: Duration) {
    last = next(rate, now: now)
    self.rate = rate
  }

  /// Whether it holds all that it ever will. A new one in its place allows no more than it does.
  func isFull(now: Duration) -> Bool { last + rate.interval * (rate.slack + 1) <= now }
}

/// A bucket for each name.
struct RateBuckets: Sendable {
  /// Names come from the rules, which may change without end; full buckets beyond this number are thrown away.
  static let keptCount = 1000

  private var buckets: [String: RateBucket] = [:]

  /// When an attempt may begin; not after `now` where it may at once.
  func next(_ rate: WorkClaim.Rate, now: Duration) -> Duration { buckets[rate.name]?.next(rate, now: now) ?? now }

  mutating func take(_ rate: WorkClaim.Rate, now: Duration) {
    if buckets[rate.name] == nil, buckets.count >= Self.keptCount { buckets = buckets.filter { !$0.value.isFull(now: now) } }
    if buckets[rate.name]?.take(rate, now: now) == nil { buckets[rate.name] = RateBucket(rate, takenAt: now) }
  }
}
