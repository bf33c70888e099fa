import TestSupport
import Testing
@testable import Workers

struct RateBucketTests {
  /// go.uber.org/ratelimit as Argo uses it: each call reserves the next time at which it may go on.
  private struct Reservations {
    let interval: Duration
    let slack: Duration
    private var last: Duration?

    init(_ rate: WorkClaim.Rate) {
      interval = rate.interval
      slack = rate.interval * rate.slack
    }

    mutating func take(_ now: Duration) -> Duration {
      guard let last else {
        self.last = now
        return now
      }
      let next = slack > .zero && now - last > slack + interval ? now - slack : last + interval
      self.last = next
      return max(next, now)
    }
  }

  @Test(arguments: 0..<50) func permitsWhenArgoDoes(round: Int) {
    var random = SplitMix()
    let rate = WorkClaim.Rate(
      "t", interval: .milliseconds(Int.random(in: 1...2000, using: &random)), slack: Int.random(in: 1...10, using: &random))
    var reservations = Reservations(rate)
    var buckets = RateBuckets()
    var now = Duration.zero
    for _ in 0..<300 {
      // Bursts, with pauses that are sometimes longer than the slack.
      if Int.random(in: 0..<4, using: &random) == 0 { now += .milliseconds(Int.random(in: 0...40_000, using: &random)) }
      let permitted = max(now, buckets.next(rate, now: now))
      #expect(permitted == reservations.take(now), "seed \(random.seed)")
      buckets.take(rate, now: permitted)
      now = permitted
    }
  }

  @Test func namesDoNotShare() {
    var buckets = RateBuckets()
    let (one, other) = (rate("one"), rate("other"))
    buckets.take(one, now: .zero)
    #expect(buckets.next(one, now: .zero) == .seconds(1))
    #expect(buckets.next(other, now: .zero) == .zero)
  }

  /// The rules were changed while the bucket was in use.
  @Test func takesUpAnotherRate() {
    var buckets = RateBuckets()
    buckets.take(rate("t", every: .seconds(3600)), now: .zero)
    #expect(buckets.next(rate("t", every: .seconds(1)), now: .seconds(1)) == .seconds(1))
    buckets.take(rate("t", every: .seconds(1)), now: .seconds(1))
    #expect(buckets.next(rate("t", every: .seconds(3600)), now: .seconds(1)) == .seconds(3601))
  }

  @Test func forgetsFullBucketsWhenThereAreMany() {
    var buckets = RateBuckets()
    for number in 0..<RateBuckets.keptCount { buckets.take(rate("\(number)"), now: .zero) }
    buckets.take(rate("busy"), now: .seconds(11))
    #expect(buckets.next(rate("busy"), now: .seconds(11)) == .seconds(12))
    #expect(buckets.next(rate("0"), now: .seconds(12)) == .seconds(12), "a new bucket has one permission and no slack")
    for number in 0..<RateBuckets.keptCount { buckets.take(rate("n\(number)"), now: .seconds(11)) }
    #expect(buckets.next(rate("busy"), now: .seconds(11)) == .seconds(12), "it is not full, and was kept")
  }

  private func rate(_ name: String, every interval: Duration = .seconds(1)) -> WorkClaim.Rate {
    WorkClaim.Rate(name, interval: interval, slack: 10)
  }
}
