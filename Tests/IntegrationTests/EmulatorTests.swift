import Foundation
import HTTP
import HTTPClient
import JSON
import Testing

extension BuiltServer {
  @Suite(
    .enabled(if: !SeedDocuments.all.isEmpty, "the seed's documents are missing: RELAUNCH_SHARED, or examples/seed"),
    .enabled(if: PubSubEmulator.isPresent, "no Pub/Sub emulator: install google-cloud-cli-pubsub-emulator and Java"))
  struct EmulatorTests {
    enum Form: String, CaseIterable, Sendable {
      case wrapped, unwrapped

      var pushConfig: JSONObject { self == .wrapped ? [:] : ["noWrapper": ["writeMetadata": true]] }
    }

    @Test(.timeLimit(.minutes(5)), arguments: Form.allCases) func everyMessageEndsInAnOutcome(_ form: Form) async throws {
      var configuration = Site.Configuration()
      configuration.sources = Site.Configuration.open
      let server = try await RunningServer.start(Site(configuration))
      let emulator = try await PubSubEmulator()
      try await emulator.call(.put, "topics/gcr", [:])
      var push = form.pushConfig
      push["pushEndpoint"] = .string("\(server.push)/push/gar")
      try await emulator.call(
        .put, "subscriptions/hook",
        ["topic": "projects/demo/topics/gcr", "ackDeadlineSeconds": 10, "pushConfig": .object(push)])

      let count = 60
      let images = [PushMessage.frontend, "us-docker.pkg.dev/acme-prod/apps/unknown:latest"]
      for batch in 0..<3 {
        let messages = (0..<count / 3).map { number -> JSONValue in
          let data = Data(PushMessage(image: images[number % 2]).notification.serialized()).base64EncodedString()
          return ["data": .string(data), "attributes": ["batch": .string("\(batch)"), "name": "žluť 😀 \"q\" \\ /"]]
        }
        try await emulator.call(.post, "topics/gcr:publish", ["messages": .array(messages)])
      }
      let events = try await eventually("all \(count) messages have an outcome") {
        let events = try await server.events()
        let finished = events.count { $0["outcome"] != "running" }
        return finished >= count ? .met(events) : .saw("\(finished) of \(events.count)")
      }
      #expect(Set(events.compactMap { $0["id"]?.string }) == Set((1...count).map(String.init)))
      #expect(events.count { $0["outcome"] == "dead" } == count / 2)
      let outcomes = Set(events.compactMap { $0["outcome"]?.string })
      #expect(outcomes.isSubset(of: ["dead", "would-restart", "coalesced"]))
      let story = try await server.story("1")
      #expect(story["message"]?["subscription"] == "projects/demo/subscriptions/hook")
      #expect(story["message"]?["publishTime"] != nil)
      await emulator.stop()
    }

    @Test(.timeLimit(.minutes(5))) func aMessageRefusedWhileTheServerWasDownComesAgain() async throws {
      var configuration = Site.Configuration()
      configuration.sources = Site.Configuration.open
      let site = try Site(configuration)
      let first = try await RunningServer.start(site)
      configuration.push = "{address: 127.0.0.1, port: \(first.push.port)}"
      try site.configure(configuration)
      let emulator = try await PubSubEmulator()
      try await emulator.call(.put, "topics/gcr", [:])
      let push: JSONValue = ["pushEndpoint": .string("\(first.push)/push/gar")]
      try await emulator.call(.put, "subscriptions/hook", ["topic": "projects/demo/topics/gcr", "pushConfig": push])
      #expect(await first.stop() == 0)
      let data = Data(PushMessage().notification.serialized()).base64EncodedString()
      try await emulator.call(.post, "topics/gcr:publish", ["messages": [["data": .string(data)]]])
      let second = try await RunningServer.start(site)
      #expect(try await second.story("1")["outcome"] == "would-restart")
      await emulator.stop()
    }
  }
}
