import Clocks
import Configuration
@testable import Deployer
import HTTP
import HTTPClient
import JSON
import Notifications
import Telemetry
import Testing
import TestSupport

/// From a dead letter to those who are told of it, through crashes.
@Suite(.timeLimit(.minutes(5))) struct NotificationTests {
  private let timer = ManualClock()
  private let channel = FakeKeyServer(.success(ClientResponse(status: .ok)))
  private static let address = "https://hooks.example.com/services/very-secret"

  private func receiver(_ format: Receiver.Format = .slack, _ kinds: Set<Notice.Kind> = [.dead, .recovered]) throws -> Receiver {
    Receiver(
      name: "ops", kinds: kinds, format: format, destination: try Destination(.url(Self.address)), sender: channel,
      deadline: .seconds(3600))
  }

  private func pipeline(
    disk: FaultyDisk = FaultyDisk(), api: FakeAPIServer? = nil, _ receivers: [Receiver]
  ) throws -> Pipeline {
    try Pipeline(disk: disk, api: api, receivers: receivers, timer: timer) { $0.acknowledgeCompleted() }
  }

  /// Lets couriers look again, and returns when they have done what there was to do.
  private func look() async {
    await timer.sleepers(1)
    timer.advance(by: .seconds(5))
    await timer.sleepers(1)
  }

  private func texts() throws -> [String] {
    try channel.requests.compactMap { try JSONValue(parsing: $0.request.content)["text"]?.string }
  }

  @Test func tellsOfADeadLetterAndOfItsRecovery() async throws {
    let pipeline = try pipeline([try receiver()])
    for _ in 0..<3 { pipeline.api.script(.get, .refuse(403, reason: "Forbidden", message: "no")) }
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1"))
      await look()
      #expect(try texts().first?.hasPrefix("*Dead letter*: Deployment/default/frontend\nforbidden: ") == true)
      #expect(try await pipeline.ask("/deadletters/1.dead1/replay", .post).status == .accepted)
      await pipeline.lines.reach(1, "finished", "event_id=1")
      await look()
      #expect(try texts().last?.hasPrefix("*Recovered*: Deployment/default/frontend\nsucceeded: replay of 1.dead1: ") == true)
      let story = try await pipeline.json("/events/1")
      let told = story["stages"]?.array?.filter { $0["state"] == "notified" } ?? []
      #expect(told.map { $0["notice"] } == ["dead", "recovered"])
      #expect(told.allSatisfy { $0["receiver"] == "ops" && $0["delivered"] == true })
      #expect(try await pipeline.text("/events/1").contains("ops of dead 1.dead1: HTTP 200 OK"))
      #expect(story["outcome"] == "succeeded")
    }
  }

  /// Whether it was sent before the crash nobody can know; so it is sent again.
  @Test func sendsAfterACrashWhatWasNotRecordedAsSent() async throws {
    let first = try pipeline([try receiver()])
    channel.answer(.failure(.connectionLost(origin: "test", reason: "reset")))
    try await first.running {
      try await first.accept(Push(id: "1", data: "{"))
      await look()
      #expect(try texts().count == 1, "\(first.lines.all)")
    }
    channel.answer(.success(ClientResponse(status: .ok)))
    let second = try pipeline(disk: first.disk.afterKill(), [try receiver()])
    try await second.running {
      await look()
      let (sent, stages) = (try texts().count, try await second.stages("1"))
      #expect(sent == 2 && stages == ["received", "decided", "notified"])
    }
    let third = try pipeline(disk: second.disk.afterKill(), [try receiver()])
    try await third.running {
      await look()
      await look()
      let sent = try texts().count
      #expect(sent == 2, "it was recorded")
      let metrics = third.registry.text()
      #expect(metrics.contains(#"relaunch_notifications_pending{receiver="ops"} 0"#), "\(metrics)")
    }
  }

  @Test func aReceiverThatComesLaterIsNotToldOfThePast() async throws {
    let first = try pipeline([])
    try await first.running { try await first.accept(Push(id: "1", data: "{")) }
    let second = try pipeline(disk: first.disk.afterKill(), [try receiver()])
    try await second.running {
      await look()
      #expect(channel.requests.isEmpty)
      try await second.accept(Push(id: "2", data: "{"))
      await look()
      #expect(try texts().count == 1)
    }
  }

  /// What waits for a receiver that is taken out of the configuration does not come when it is put back.
  @Test func nothingIsKeptForAReceiverThatIsGone() async throws {
    let first = try pipeline([try receiver()])
    channel.answer(.failure(.connectionLost(origin: "test", reason: "reset")))
    try await first.running {
      try await first.accept(Push(id: "1", data: "{"))
      await look()
    }
    let second = try pipeline(disk: first.disk.afterKill(), [])
    try await second.running { try await second.accept(Push(id: "2", data: "{")) }
    let third = try pipeline(disk: second.disk.afterKill(), [try receiver()])
    try await third.running {
      await look()
      let sent = try texts().count
      #expect(sent == 1)
    }
  }

  @Test func forwardsTheMessageItself() async throws {
    let pipeline = try pipeline([try receiver(.pubSub, [.dead])])
    try await pipeline.running {
      var push = Push(id: "1", data: "{not JSON")
      push.attributes = ["origin": "test"]
      try await pipeline.accept(push)
      await look()
      let body = try JSONValue(parsing: try #require(channel.requests.first).request.content)
      #expect(try JSONValue(parsing: push.body)["message"]?["data"] == body["message"]?["data"])
      #expect(body["message"]?["messageId"] == "1" && body["subscription"] == "projects/acme/subscriptions/relaunch")
      #expect(body["message"]?["attributes"]?["relaunch-reason"] == "poison")
      #expect(body["message"]?["attributes"]?["origin"] == "test")
      // Whoever gets it can push it to another server.
      #expect(try await pipeline.push(body.serialized(), source: "gar").status == .noContent)
    }
  }

  /// The address is the password: whoever has it writes into the channel.
  @Test(arguments: [200, 400, 500]) func showsTheAddressNowhere(_ status: Int) async throws {
    let pipeline = try pipeline([try receiver()])
    channel.answer(.success(ClientResponse(status: HTTPStatus(rawValue: status), content: Array(Self.address.utf8))))
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1", data: "{"))
      await look()
      #expect(channel.requests.count == 1)
      let answers = [try await pipeline.text("/events/1"), try await pipeline.text("/deadletters/1.dead1")]
      for text in answers + pipeline.lines.all + [pipeline.registry.text()] { #expect(!text.contains("secret"), "\(text)") }
    }
  }
}
