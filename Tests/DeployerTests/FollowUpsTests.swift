import Clocks
@testable import Deployer
import Notifications
import Testing

/// What of the log's records is told to whom.
struct FollowUpsTests {
  private func index(_ kinds: Set<Notice.Kind> = Set(Notice.Kind.allCases)) -> EventIndex {
    var index = Samples.index()
    index.apply(.receivers(kinds.map { Subscription(receiver: "ops", kind: $0, since: Samples.now) }, at: Samples.now))
    return index
  }

  private func pending(_ index: EventIndex) -> [Notice] { index.followUps.outbox.pending(for: "ops", limit: 99) }

  @Test func tellsOfADeadLetterOfEitherSort() throws {
    var index = index()
    index.accept("1")
    let job = Samples.job("1.job1", of: "1")
    index.apply(Samples.decision("1", jobs: [job], letters: [Samples.letter("1.dead2", of: "1")]))
    index.apply(.deadLetter(Samples.letter("1.dead1", of: "1", job: job)))
    #expect(pending(index).map(\.key) == [Notice.Key(.dead, "1.dead2"), Notice.Key(.dead, "1.dead1")])
    let notice = try #require(pending(index).last)
    #expect(notice.eventID == "1" && notice.source == "gar" && notice.target == job.target && notice.image == Documents.frontend)
    #expect(notice.reason == "forbidden" && notice.detail == "may not" && notice.at == Samples.now + .seconds(1))
  }

  @Test func tellsNothingOfWhatSucceeds() {
    var index = index()
    index.accept("1")
    let job = Samples.job("1.job1", of: "1")
    index.apply(Samples.decision("1", jobs: [job]))
    index.apply(Samples.finished(job))
    #expect(pending(index).isEmpty)
  }

  /// A later event's restart brings back what an earlier one's dead letter had left undone.
  @Test(arguments: [Outcome.succeeded, .superseded]) func tellsWhenAWorkloadThatHadADeadLetterIsRestarted(_ outcome: Outcome) {
    var index = index([.recovered])
    for id in ["1", "2", "3"] { index.accept(id) }
    let jobs = ["1", "2", "3"].map { Samples.job("\($0).job1", of: $0) }
    for job in jobs { index.apply(Samples.decision(job.eventID, jobs: [job])) }
    index.apply(.deadLetter(Samples.letter("1.dead1", of: "1", job: jobs[0])))
    index.apply(Samples.finished(jobs[1], outcome))
    index.apply(Samples.finished(jobs[2], outcome))
    #expect(pending(index).map(\.key) == [Notice.Key(.recovered, "2.job1")], "once")
    #expect(pending(index).map(\.reason) == [outcome.rawValue])
  }

  @Test(arguments: [Outcome.coalesced, .skipped, .wouldRestart]) func otherEndsBringNothingBack(_ outcome: Outcome) {
    var index = index([.recovered])
    index.accept("1")
    let job = Samples.job("1.job1", of: "1", replayOf: "1.dead1")
    index.apply(Samples.decision("1", jobs: [job]))
    index.apply(Samples.finished(job, outcome))
    #expect(pending(index).isEmpty)
  }

  @Test func tellsWhenAReplaySucceeds() {
    var index = index([.recovered])
    index.accept("1")
    let letter = Samples.letter("1.dead1", of: "1")
    index.apply(Samples.decision("1", letters: [letter]))
    index.apply(.replayed(deadLetter: "1.dead1", eventID: "1", job: nil, by: "admin", at: Samples.now))
    let job = Samples.job("1.job2.1", of: "1", replayOf: "1.dead1")
    index.apply(Samples.decision("1", jobs: [job], replayOf: "1.dead1"))
    index.apply(Samples.finished(job))
    #expect(pending(index).map(\.key) == [Notice.Key(.recovered, "1.job2.1")])
    #expect(pending(index).first?.detail == "replay of 1.dead1: done")
  }

  @Test func whatWasToldIsToldNoMore() {
    var index = index()
    index.accept("1")
    index.apply(Samples.decision("1", letters: [Samples.letter("1.dead1", of: "1")]))
    index.apply(
      .notified(
        receiver: "ops", Notice.Key(.dead, "1.dead1"), eventID: "1", isDelivered: true, detail: "HTTP 200 OK", at: Samples.now))
    #expect(pending(index).isEmpty)
    #expect(index["1"]?.outcome == .dead && index["1"]?.trail.count == 2)
  }

  /// The event may be forgotten before its notice is sent.
  @Test func whatWasToldOfAForgottenEventIsToldNoMore() {
    var index = Samples.index(history: 1, deadLetters: 1)
    index.apply(.receivers([Subscription(receiver: "ops", kind: .dead, since: Samples.now)], at: Samples.now))
    for id in ["1", "2", "3"] {
      index.accept(id)
      index.apply(Samples.decision(id, letters: [Samples.letter("\(id).dead1", of: id)]))
    }
    #expect(index["1"] == nil)
    #expect(pending(index).count == 3)
    let isOfAnEvent = index.apply(
      .notified(receiver: "ops", Notice.Key(.dead, "1.dead1"), eventID: "1", isDelivered: true, detail: "", at: Samples.now))
    #expect(!isOfAnEvent)
    #expect(pending(index).map(\.eventID) == ["2", "3"])
  }

  @Test func remembersOnlySoManyWorkloads() {
    var targets = RecentTargets(limit: 2)
    for target in ["a", "b", "a", "c"] { targets.insert(target) }
    let removed = ["b", "a", "c", "a"].map { targets.remove($0) }
    #expect(removed == [false, true, true, false])
  }
}
