import Clocks
import Events
import JSON
@testable import Notifications
import Testing

struct FormatTests {
  @Test func tellsOneNoticeWithWhatToDo() {
    #expect(
      SlackText.message([Samples.notice("17.dead1")])["text"]?.string == """
        *Dead letter*: Deployment/default/web
        forbidden: may not patch
        image us-docker.pkg.dev/acme/apps/web:latest
        `relaunch explain 17.dead1`
        mend, then `relaunch deadletters replay 17.dead1`
        """)
  }

  @Test func namesTheImageWhereThereIsNoTarget() {
    let text = SlackText.message([Samples.notice("1", target: nil)])["text"]?.string
    #expect(text?.hasPrefix("*Dead letter*: us-docker.pkg.dev/acme/apps/web:latest\nforbidden") == true)
  }

  @Test func makesOneMessageOfABurst() throws {
    let notices = (1...22).map { Samples.notice("\($0)", $0 == 3 ? .recovered : .dead) }
    let lines = try #require(SlackText.message(notices)["text"]?.string).split(separator: "\n")
    #expect(lines.first == "*21 dead letters, Recovered*")
    #expect(lines.count == 7)
    #expect(lines[3] == "• recovered: Deployment/default/web: forbidden: may not patch (`relaunch explain 3`)")
    #expect(lines.last == "and 17 more: `relaunch deadletters list`")
  }

  /// Whoever may publish must not be able to call a whole channel, or to disguise a link.
  @Test func aStrangersWordsAreNeitherMentionNorLink() throws {
    let notice = Samples.notice("1", target: "<!channel>", detail: "<https://evil|here> & `code`\n\u{202e}*bold")
    let text = try #require(SlackText.message([notice])["text"]?.string)
    #expect(!text.contains("<") && !text.contains(">"))
    #expect(text.contains("&lt;!channel&gt;") && text.contains("&amp; 'code'"), "\(text)")
    #expect(text.split(separator: "\n").count == 5)
    #expect(!text.unicodeScalars.contains("\u{202e}"))
  }

  @Test func aTextIsShortHoweverLongTheDetailsAre() throws {
    let notices = (1...1000).map { Samples.notice("\($0)", detail: String(repeating: "x", count: 900)) }
    #expect(try #require(SlackText.message(notices)["text"]?.string).utf8.count < 3000)
    #expect(try #require(SlackText.message([notices[0]])["text"]?.string).utf8.count < 1000)
  }

  // MARK: As Pub/Sub pushes it

  private func event(_ message: PubSubMessage) -> Event {
    Event(id: "17", source: "gar", receivedAt: Samples.now, message: message)
  }

  @Test func pushesTheMessageAsItCame() throws {
    let message = PubSubMessage(
      messageID: "17", publishTime: Samples.now - .seconds(9), subscription: "projects/acme/subscriptions/relaunch",
      orderingKey: "web", attributes: [PubSubMessage.Attribute(name: "origin", value: "registry")], data: [0, 255, 10, 123])
    let envelope = PushedLetter.envelope(event(message), Samples.notice("17.dead1"))
    let pushed = try PushEnvelope(body: envelope.serialized()).message
    #expect(pushed.data == message.data && pushed.messageID == "17" && pushed.publishTime == message.publishTime)
    #expect(pushed.subscription == message.subscription && pushed.orderingKey == "web")
    let attributes = Dictionary(uniqueKeysWithValues: pushed.attributes.map { ($0.name, $0.value) })
    #expect(
      attributes == [
        "origin": "registry", "relaunch-dead-letter": "17.dead1", "relaunch-event": "17.dead1", "relaunch-source": "gar",
        "relaunch-reason": "forbidden", "relaunch-detail": "may not patch", "relaunch-target": "Deployment/default/web",
      ])
  }

  @Test func pushesWhatCameWithoutMetadata() throws {
    let envelope = PushedLetter.envelope(event(PubSubMessage(data: [])), Samples.notice("17.dead1", target: nil))
    let pushed = try PushEnvelope(body: envelope.serialized()).message
    #expect(pushed.messageID == "17" && pushed.publishTime == Samples.now)
    #expect(!pushed.attributes.contains { $0.name == "relaunch-target" })
  }

  /// A publisher who writes our attributes itself would say why its own message died.
  @Test func ourAttributesAreOurs() throws {
    let message = PubSubMessage(attributes: [PubSubMessage.Attribute(name: "relaunch-reason", value: "none")], data: [1])
    let envelope = PushedLetter.envelope(event(message), Samples.notice("17.dead1", detail: String(repeating: "x", count: 5000)))
    #expect(envelope["message"]?["attributes"]?["relaunch-reason"] == "forbidden")
    #expect(try #require(envelope["message"]?["attributes"]?["relaunch-detail"]?.string).utf8.count <= 1024)
  }
}
