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
    #expect(RetryPolicy(attemptsLimit: limit).limit(attempts: attempts, refusals: 0, age: .zero) == .attempts)
    let isAllowed = RetryPolicy(attemptsLimit: limit + 1).limit(attempts: attempts, refusals: 0, age: .zero) == nil
    #expect(isAllowed == (limit > 0))
  }

  @Test(
    arguments: [
      (1, 0, 0, nil), (1, 1, 0, nil), (9, 2, 0, nil), (3, 3, 0, .refusals), (9, 3, 0, .refusals), (10, 2, 0, .attempts),
      (10, 3, 0, .refusals), (1, 0, 60, nil), (1, 0, 61, .deadline), (10, 0, 61, .attempts),
    ] as [(Int, Int, Int, RetryPolicy.Limit?)])
  func namesTheLimitThatWasReached(attempts: Int, refusals: Int, seconds: Int, expected: RetryPolicy.Limit?) {
    let policy = RetryPolicy(attemptsLimit: 10, refusalsLimit: 3, deadline: .seconds(60))
    #expect(policy.limit(attempts: attempts, refusals: refusals, age: .seconds(seconds)) == expected)
  }

  @Test func withoutADeadlineNoAgeIsTooGreat() {
    #expect(RetryPolicy().limit(attempts: 1, refusals: 0, age: .seconds(Int64.max)) == nil)
  }

  @Test func hugeDurationsDoNotTrap() {
    var generator = SplitMix()
    let policy = RetryPolicy(base: .seconds(Int64.max), cap: .seconds(Int64.max), attemptsLimit: .max)
    #expect(policy.wait(afterFailures: 200, using: &generator) >= .zero)
  }
}
