import Clocks
import JSON
import Notifications
import Testing
import TestSupport

struct OutboxTests {
  private func subjects(_ outbox: Outbox, _ receiver: String, limit: Int = 100) -> [String] {
    outbox.pending(for: receiver, limit: limit).map(\.key.subject)
  }

  @Test func keepsANoticeUntilEachReceiverHasIt() {
    var outbox = Samples.outbox("a", "b")
    outbox.post(Samples.notice("1"))
    outbox.post(Samples.notice("2"))
    outbox.settle(Notice.Key(.dead, "1"), for: "a")
    #expect(subjects(outbox, "a") == ["2"])
    #expect(subjects(outbox, "b") == ["1", "2"])
    #expect(outbox.count(for: "b") == 2)
    #expect(subjects(outbox, "b", limit: 1) == ["1"])
    outbox.settle(Notice.Key(.dead, "1"), for: "b")
    #expect(subjects(outbox, "b") == ["2"])
  }

  @Test func postsToThoseWhoWantIt() {
    var outbox = Outbox()
    outbox.use(Samples.subscriptions("a", [.dead]) + Samples.subscriptions("b", [.rolloutFailed, .recovered]))
    for kind in Notice.Kind.allCases { outbox.post(Samples.notice("1", kind)) }
    #expect(outbox.pending(for: "a", limit: 9).map(\.key.kind) == [.dead])
    #expect(outbox.pending(for: "b", limit: 9).map(\.key.kind) == [.recovered, .rolloutFailed])
  }

  /// Who comes later does not get years of what was before.
  @Test func aNewReceiverGetsWhatComesFromThenOn() {
    var outbox = Samples.outbox("a")
    outbox.post(Samples.notice("1"))
    outbox.use(["a", "b"].flatMap { Samples.subscriptions($0, [.dead]) })
    outbox.post(Samples.notice("2"))
    #expect(subjects(outbox, "a") == ["1", "2"])
    #expect(subjects(outbox, "b") == ["2"])
  }

  @Test func nothingWaitsForAReceiverThatIsGoneOrWantsItNoMore() {
    var outbox = Samples.outbox("a", "b")
    outbox.post(Samples.notice("1"))
    outbox.post(Samples.notice("2", .recovered))
    outbox.use(Samples.subscriptions("b", [.recovered]))
    #expect(subjects(outbox, "a").isEmpty)
    #expect(subjects(outbox, "b") == ["2"])
  }

  @Test func dropsTheOldestAndCountsIt() {
    var outbox = Samples.outbox("a", "b", limit: 3)
    for number in 1...5 {
      outbox.post(Samples.notice("\(number)"))
      outbox.settle(Notice.Key(.dead, "\(number)"), for: "b")
    }
    #expect(subjects(outbox, "a") == ["3", "4", "5"])
    #expect(outbox.dropped == ["a": 2], "what b had is not lost to it")
  }

  @Test func twoKindsOfOneSubjectAreTwoNotices() {
    var outbox = Samples.outbox("a")
    outbox.post(Samples.notice("1"))
    outbox.post(Samples.notice("1", .recovered))
    outbox.settle(Notice.Key(.recovered, "1"), for: "a")
    #expect(outbox.pending(for: "a", limit: 9).map(\.key.kind) == [.dead])
  }

  /// What a log writes forward to remove old segments comes behind younger records.
  @Test func isOfItsOwnTimeWhereverItIsFound() {
    var outbox = Outbox()
    outbox.use(Samples.subscriptions("a", [.dead], since: Samples.now))
    for (id, age) in [("1", 7200), ("2", 3600), ("3", -5)] as [(String, Int64)] {
      outbox.post(Samples.notice(id, at: Samples.now - .seconds(age)))
    }
    #expect(subjects(outbox, "a") == ["2", "3"])
  }

  @Test func whoIsHereKeepsItsBeginning() throws {
    func receiver(_ name: String, _ kinds: Set<Notice.Kind>) throws -> Receiver {
      Receiver(
        name: name, kinds: kinds, format: .json, destination: try Destination(.url("http://a.example")),
        sender: FakeKeyServer(document: []), deadline: .seconds(1))
    }
    var outbox = Outbox()
    let receivers = [try receiver("a", [.dead])]
    outbox.use(outbox.subscriptions(of: receivers, at: Samples.now))
    let later = Samples.now + .seconds(9)
    #expect(outbox.subscriptions(of: receivers, at: later) == outbox.subscriptions)
    #expect(
      outbox.subscriptions(of: [try receiver("a", [.dead, .recovered]), try receiver("b", [.dead])], at: later)
        == Samples.subscriptions("a", [.dead]) + Samples.subscriptions("a", [.recovered], since: later)
        + Samples.subscriptions("b", [.dead], since: later))
    let earlier = Samples.now - .seconds(9)
    #expect(outbox.subscriptions(of: receivers, at: earlier).map(\.since) == [earlier], "the clock was wrong")
  }

  @Test func aSubscriptionIsReadAsItWasWritten() throws {
    let subscription = Subscription(receiver: "ops", kind: .rolloutFailed, since: Samples.now)
    #expect(Subscription(json: subscription.json) == subscription)
    #expect(Subscription(json: ["receiver": "ops", "kind": "later", "since": .string(Samples.now.rfc3339)]) == nil)
    #expect(Subscription(json: ["receiver": "ops", "kind": "dead"]) == nil)
  }

  @Test func cutsWhatIsLong() {
    let notice = Samples.notice("1", detail: String(repeating: "ä", count: 2000))
    #expect(notice.detail.utf8.count <= Notice.detailBytesLimit + 3)
    #expect(notice.detail.hasSuffix("ä…"))
  }
}

extension OutboxTests {
  /// Retention moves the record of who wants what behind records that it was in front of.
  @Test func whoWantsWhatMayBeSaidAfterTheNotices() {
    var outbox = Outbox()
    outbox.post(Samples.notice("1"))
    outbox.post(Samples.notice("2"))
    outbox.settle(Notice.Key(.dead, "1"), for: "a")
    #expect(subjects(outbox, "a").isEmpty)
    outbox.use(Samples.subscriptions("a", [.dead]))
    #expect(subjects(outbox, "a") == ["2"])
    outbox.finishReplay()
    #expect(subjects(outbox, "a") == ["2"])
  }

  @Test func whatNobodyWantsIsNotKept() {
    var outbox = Outbox()
    outbox.post(Samples.notice("1"))
    outbox.finishReplay()
    outbox.use(Samples.subscriptions("a", [.dead]))
    #expect(subjects(outbox, "a").isEmpty)
  }
}
