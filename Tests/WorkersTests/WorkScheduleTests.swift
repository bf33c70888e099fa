import Testing
@testable import Workers

struct WorkScheduleTests {
  /// A key whose attempts all fail, at a time that passes as its waits end.
  private struct Outage {
    private(set) var journal: [String] = []
    private var schedule = WorkSchedule<String, Int>(
      width: 1, waitingLimit: 10, retry: RetryPolicy(base: .seconds(1), cap: .seconds(1), attemptsLimit: 3),
      generator: SystemRandomNumberGenerator())
    private var now = Duration.zero

    mutating func submit(_ item: Int) {
      guard let coalesced = try? schedule.submit(item, for: "a", now: now, { _, _ in true }) else { return }
      for older in coalesced { journal.append("\(older) coalesced into \(item)") }
    }

    /// Lets the attempt that is due fail, after `meanwhile`.
    mutating func failOnce(meanwhile: (inout Outage) -> Void = { _ in }) {
      while let step = schedule.next(now: now) {
        switch step {
        case .sleep(let wake, let until):
          now = until
          schedule.wake(wake, at: until)
        case .attempt(let key, let item, let attempt):
          journal.append("\(item) attempt \(attempt)")
          meanwhile(&self)
          switch schedule.fail(key, AttemptFailure("test"), now: now, { _, _ in true }) {
          case .coalesced(let older, let newer): journal.append("\(older) coalesced into \(newer)")
          case .exhausted(let item, let end):
            journal.append("\(item) exhausted after \(end.attempts)")
            schedule.finish(key, .nothing, now: now)
          case .waits, .abandoned: break
          }
          return
        case .end: return
        }
      }
    }
  }

  /// The last of the items that replace one another during a long outage is not given up for the attempts at the others.
  @Test func eachItemHasItsOwnAttemptsHoweverLongItsKeyHasFailed() {
    var outage = Outage()
    outage.submit(1)
    for item in 2...5 {
      outage.failOnce { if item < 5 { $0.submit(item) } }
    }
    outage.submit(5)
    for _ in 1...4 { outage.failOnce() }
    #expect(
      outage.journal == [
        "1 attempt 1", "1 coalesced into 2", "2 attempt 1", "2 coalesced into 3", "3 attempt 1", "3 coalesced into 4",
        "4 attempt 1", "4 coalesced into 5", "5 attempt 1", "5 attempt 2", "5 attempt 3", "5 exhausted after 3",
      ])
  }

  /// What a newer item does too is no dead letter.
  @Test func theLastAttemptOfAnItemThatIsReplacedIsNotItsEnd() {
    var outage = Outage()
    outage.submit(1)
    outage.failOnce()
    outage.failOnce()
    outage.failOnce { $0.submit(2) }
    outage.failOnce()
    #expect(
      outage.journal == ["1 attempt 1", "1 attempt 2", "1 attempt 3", "1 coalesced into 2", "2 attempt 1"])
  }
}
