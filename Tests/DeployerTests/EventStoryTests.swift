import Clocks
@testable import Deployer
import Events
import Testing

struct EventStoryTests {
  /// A reader who takes one AT from another must come to the same number.
  @Test func countsTheColumnAfterFromTheColumnAt() throws {
    let published = try #require(Timestamp(rfc3339: "2026-11-23T23:46:25.392900Z"))
    let received = published + .microseconds(3_200)
    var index = Samples.index()
    index.accept(id: "1", key: nil, source: "gar", receivedAt: received, at: Samples.position(1))
    let event = Event(
      id: "1", source: "gar", receivedAt: received, message: PubSubMessage(messageID: "1", publishTime: published))
    let story = EventStory(
      entry: try #require(index["1"]), event: event,
      trail: [.discarded(deadLetter: "1.dead1", eventID: "1", by: "admin", at: published - .microseconds(1_000))], unread: [])
    #expect(
      story.text == """
        event   1
        source  gar
        image   -
        outcome running

        AT                        AFTER     STAGE      WHAT
        2026-11-23T23:46:25.392Z  +0.000 s  published  message 1
        2026-11-23T23:46:25.396Z  +0.004 s  received   by source gar
        2026-11-23T23:46:25.391Z  -0.001 s  discarded  1.dead1 by admin

        """)
  }
}
