import Clocks
import Events
import HTTP
import HTTPClient
import JSON
import Locks
import Logging
import Notifications
import Telemetry
import Testing
import TestSupport

@Suite(.timeLimit(.minutes(5))) struct CourierTests {
  /// A courier between an outbox in memory and a server in memory.
  private final class Scene: Sendable {
    let clock = ManualClock()
    let server: FakeKeyServer
    let registry = MetricsRegistry()
    private let outbox = Mutex(Samples.outbox("ops"))
    private let settlements = Mutex<[Courier.Settlement]>([])
    private let age = Mutex(Duration.zero)
    private let format: Receiver.Format

    init(_ format: Receiver.Format = .slack, answering status: Int = 200, _ fields: HTTPFields = HTTPFields()) {
      self.format = format
      server = FakeKeyServer(Self.answer(status, fields))
    }

    static func answer(_ status: Int, _ fields: HTTPFields = HTTPFields()) -> FakeKeyServer.Answer {
      .success(ClientResponse(status: HTTPStatus(rawValue: status), fields: fields, content: Array("https://secret".utf8)))
    }

    var settled: [Courier.Settlement] { settlements.withLock { $0 } }
    var waiting: Int { outbox.withLock { $0.count(for: "ops") } }

    func post(_ subjects: String...) { for subject in subjects { outbox.withLock { $0.post(Samples.notice(subject)) } } }
    func letTimePass(_ duration: Duration) { age.withLock { $0 += duration } }

    private struct Time: WallClock {
      let scene: Scene
      func now() -> Timestamp { scene.age.withLock { Samples.now + $0 } }
    }

    /// - Parameter ended: called once the courier has been told to end.
    func running(_ body: () async throws -> Void, ended: () -> Void = {}) async throws {
      let journal = Courier.Journal(
        pending: { receiver, limit in self.outbox.withLock { $0.pending(for: receiver, limit: limit) } },
        event: { id in
          guard id != "unreadable" else { throw CancellationError() }
          return Event(id: id, source: "gar", receivedAt: Samples.now, message: PubSubMessage(messageID: id, data: [1]))
        },
        settle: { settlements in
          self.settlements.withLock { $0 += settlements }
          for settlement in settlements { self.outbox.withLock { $0.settle(settlement.notice.key, for: settlement.receiver) } }
        })
      let courier = Courier(
        Receiver(
          name: "ops", kinds: [.dead], format: format, destination: try Destination(.url("https://hooks.example.com/T0/secret")),
          sender: server, deadline: .seconds(3600)),
        journal: journal, wallClock: Time(scene: self), metrics: CourierMetrics(registry, receiver: "ops"),
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await courier.run(clock: self.clock) }
        defer {
          group.cancelAll()
          ended()
        }
        try await body()
      }
    }

    /// Lets the courier's next sleep end, and returns when it sleeps again: what was due is done.
    @discardableResult func step() async -> Duration {
      await clock.sleepers(1)
      let start = clock.now
      let slept = clock.nextDeadline.map { start.duration(to: $0) } ?? .zero
      clock.advance(by: slept)
      await clock.sleepers(1)
      return slept
    }
  }

  @Test func sendsWhatWaitsAndHasItJournaled() async throws {
    let scene = Scene()
    try await scene.running {
      await scene.step()
      #expect(scene.server.requests.isEmpty)
      scene.post("1")
      await scene.step()
      #expect(scene.settled.map(\.notice.key.subject) == ["1"])
      #expect(scene.settled.allSatisfy { $0.isDelivered && $0.detail == "HTTP 200 OK" && $0.receiver == "ops" })
      let request = try #require(scene.server.requests.first?.request)
      #expect(request.origin.host == "hooks.example.com" && request.target == "/T0/secret" && request.method == .post)
      #expect(try JSONValue(parsing: request.content)["text"]?.string?.contains("relaunch explain 1") == true)
      #expect(scene.registry.text().contains(#"relaunch_notifications_sent_total{receiver="ops"} 1"#))
    }
  }

  @Test func aBurstIsOneMessageAndThenARest() async throws {
    let scene = Scene()
    try await scene.running {
      scene.post("1")
      await scene.step()
      scene.post("2", "3", "4", "5", "6", "7", "8")
      #expect(await scene.step() == .seconds(5), "it rests after a message")
      #expect(scene.server.requests.count == 2)
      #expect(scene.settled.count == 8 && scene.waiting == 0)
      let message = try JSONValue(parsing: scene.server.requests[1].request.content)
      #expect(message["text"]?.string?.contains("and 2 more") == true)
    }
  }

  @Test(arguments: [401, 403, 404, 408, 410, 429, 500, 503, 302]) func triesAgain(_ status: Int) async throws {
    let scene = Scene(answering: status)
    try await scene.running {
      scene.post("1")
      await scene.step()
      #expect(scene.settled.isEmpty && scene.waiting == 1)
      scene.server.answer(Scene.answer(204))
      await scene.step()
      #expect(scene.settled.map(\.isDelivered) == [true])
      #expect(scene.registry.text().contains(#"relaunch_notifications_failed_total{receiver="ops"} 1"#))
    }
  }

  @Test func waitsLongerEachTimeAndAsLongAsItIsAsked() async throws {
    let scene = Scene(answering: 429, HTTPFields([(.retryAfter, "77")]))
    try await scene.running {
      scene.post("1")
      await scene.step()
      #expect(await scene.step() == .seconds(77))
      scene.server.answer(Scene.answer(429, HTTPFields([(.retryAfter, "999999999999")])))
      await scene.step()
      #expect(await scene.step() == .seconds(3600), "nobody makes us wait for ever")
      scene.server.answer(.failure(.connectionLost(origin: "test", reason: "reset")))
      await scene.step()
      for _ in 0..<20 { #expect(await scene.step() <= .seconds(300)) }
      #expect(scene.waiting == 1)
    }
  }

  /// Every notice has one try at least: the server may have been down for longer than the deadline.
  @Test func givesUpWhatIsTooOldOnceItFails() async throws {
    let scene = Scene(answering: 500)
    try await scene.running {
      scene.post("1")
      await scene.step()
      scene.letTimePass(.seconds(3599))
      await scene.step()
      #expect(scene.settled.isEmpty)
      scene.letTimePass(.seconds(2))
      await scene.step()
      #expect(scene.settled.map(\.isDelivered) == [false])
      #expect(scene.settled.first?.detail.hasPrefix("HTTP 500") == true)
      #expect(scene.registry.text().contains(#"relaunch_notifications_given_up_total{receiver="ops"} 1"#))
    }
    let late = Scene()
    late.letTimePass(.seconds(86_400))
    try await late.running {
      late.post("1")
      await late.step()
      #expect(late.settled.map(\.isDelivered) == [true])
    }
  }

  @Test(arguments: [400, 413, 422]) func doesNotRepeatWhatWouldBeRefusedAgain(_ status: Int) async throws {
    let scene = Scene(answering: status)
    try await scene.running {
      scene.post("1")
      await scene.step()
      #expect(scene.settled.map(\.isDelivered) == [false])
      #expect(scene.settled.map(\.detail) == ["HTTP \(HTTPStatus(rawValue: status))"], "no word of the content")
    }
  }

  @Test func forwardsOneByOneWithoutARest() async throws {
    let scene = Scene(.pubSub)
    try await scene.running {
      scene.post("1", "unreadable", "3")
      await scene.step()
      await scene.step()
      #expect(scene.server.requests.count == 2)
      let ids = try scene.server.requests.map { try JSONValue(parsing: $0.request.content)["message"]?["messageId"]?.string }
      #expect(ids == ["1", "3"])
      #expect(scene.settled.map(\.isDelivered) == [true, false, true])
      #expect(scene.settled[1].detail.hasPrefix("its event cannot be read again"))
    }
  }

  @Test func programsGetAllFields() async throws {
    let scene = Scene(.json)
    try await scene.running {
      scene.post("1", "2")
      await scene.step()
      let body = try JSONValue(parsing: try #require(scene.server.requests.first).request.content)
      #expect(body["notices"]?.array?.count == 2)
      #expect(body["notices"]?[0] == Samples.notice("1").json)
    }
  }

  /// The answer may be on its way; whether to send again is the next start's to find out from the log.
  @Test func recordsNothingOfAMessageThatTheEndCutShort() async throws {
    let scene = Scene()
    scene.server.hold()
    try await scene.running {
      scene.post("1")
      await scene.clock.sleepers(1)
      scene.clock.advance(by: .seconds(1))
      await scene.server.requests(reach: 1)
    } ended: {
      scene.server.release()
    }
    #expect(scene.settled.isEmpty && scene.waiting == 1)
  }
}
