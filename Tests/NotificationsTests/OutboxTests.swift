import JSON
import Notifications
import Testing

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
    outbox.use([
      Subscription(receiver: "a", kinds: [.dead]), Subscription(receiver: "b", kinds: [.rolloutFailed, .recovered]),
    ])
    for kind in Notice.Kind.allCases { outbox.post(Samples.notice("1", kind)) }
    #expect(outbox.pending(for: "a", limit: 9).map(\.key.kind) == [.dead])
    #expect(outbox.pending(for: "b", limit: 9).map(\.key.kind) == [.recovered, .rolloutFailed])
  }

  /// Who comes later does not get years of what was before.
  @Test func aNewReceiverGetsWhatComesFromThenOn() {
    var outbox = Samples.outbox("a")
    outbox.post(Samples.notice("1"))
    outbox.use(["a", "b"].map { Subscription(receiver: $0, kinds: [.dead]) })
    outbox.post(Samples.notice("2"))
    #expect(subjects(outbox, "a") == ["1", "2"])
    #expect(subjects(outbox, "b") == ["2"])
  }

  @Test func nothingWaitsForAReceiverThatIsGoneOrWantsItNoMore() {
    var outbox = Samples.outbox("a", "b")
    outbox.post(Samples.notice("1"))
    outbox.post(Samples.notice("2", .recovered))
    outbox.use([Subscription(receiver: "b", kinds: [.recovered])])
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

  @Test func aSubscriptionIsReadAsItWasWritten() throws {
    let subscription = Subscription(receiver: "ops", kinds: [.dead, .rolloutFailed])
    #expect(Subscription(json: subscription.json) == subscription)
    #expect(Subscription(json: ["receiver": "ops", "kinds": ["dead", "later"]])?.kinds == [.dead])
    #expect(Subscription(json: ["receiver": "ops"]) == nil)
  }

  @Test func cutsWhatIsLong() {
    let notice = Samples.notice("1", detail: String(repeating: "ä", count: 2000))
    #expect(notice.detail.utf8.count <= Notice.detailBytesLimit + 3)
    #expect(notice.detail.hasSuffix("ä…"))
  }
}
