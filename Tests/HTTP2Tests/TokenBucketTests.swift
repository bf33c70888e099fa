import Testing

@testable import HTTP2

struct TokenBucketTests {
  /// Whether each of several attempts, at the given milliseconds, has its token.
  private func takes(_ allowance: HTTP2Limits.Allowance, at times: [Int]) -> [Bool] {
    let start = ContinuousClock.now
    var bucket = TokenBucket(allowance)
    return times.map { bucket.take(start + .milliseconds($0)) }
  }

  @Test func givesABurstAndThenItsRate() {
    #expect(
      takes(.init(burst: 3, perSecond: 10), at: [0, 0, 0, 0, 99, 100, 100]) == [true, true, true, false, false, true, false])
  }

  @Test func fillsUpAndNoFurther() {
    #expect(takes(.init(burst: 2, perSecond: 1), at: [0, 1 << 40, 1 << 40, 1 << 40]) == [true, true, true, false])
  }

  @Test func refusalsCostNothing() {
    #expect(takes(.init(burst: 1, perSecond: 1), at: [0, 100, 500, 900, 1000]) == [true, false, false, false, true])
  }
}
