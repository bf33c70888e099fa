import TestSupport
import Testing
import Workers

struct RetryPolicyTests {
  @Test(arguments: [
    (1, 1), (2, 2), (3, 4), (8, 128), (9, 256), (10, 300), (64, 300), (Int.max, 300), (0, 1), (Int.min + 1, 1),
  ])
  func boundDoublesUpToTheCap(failures: Int, seconds: Int) {
    #expect(RetryPolicy(attemptsLimit: .max).bound(afterFailures: failures) == .seconds(seconds))
  }

  @Test func jitterCoversTheWholeRangeAndNothingElse() {
    var generator = SplitMix()
    let policy = RetryPolicy(base: .milliseconds(1), cap: .milliseconds(4))
    let seen = Set((0..<2000).map { _ in policy.wait(afterFailures: 3, using: &generator) })
    #expect(seen == Set((0...4).map { .milliseconds($0) }))
  }

  @Test func retryAfterRaisesTheLowerBoundEvenPastTheCap() {
    var generator = SplitMix()
    for _ in 0..<100 {
      #expect(RetryPolicy().wait(afterFailures: 1, retryAfter: .seconds(600), using: &generator) == .seconds(600))
      #expect(RetryPolicy().wait(afterFailures: 1, retryAfter: .seconds(-5), using: &generator) >= .zero)
    }
  }

  @Test(arguments: [(1, 1), (2, 2), (5, 5), (0, 1)])
  func endsAfterTheLastAttempt(limit: Int, attempts: Int) {
    #expect(!RetryPolicy(attemptsLimit: limit).allowsAnother(after: attempts))
    #expect(RetryPolicy(attemptsLimit: limit + 1).allowsAnother(after: attempts) == (limit > 0))
  }

  @Test func hugeDurationsDoNotTrap() {
    var generator = SplitMix()
    let policy = RetryPolicy(base: .seconds(Int64.max), cap: .seconds(Int64.max), attemptsLimit: .max)
    #expect(policy.wait(afterFailures: 200, using: &generator) >= .zero)
  }
}
