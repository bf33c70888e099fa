import HTTP
import JSON
import TestSupport
import Testing

extension BuiltServer {
  /// What becomes of a message, by the seed's own rules, in a dry run.
  @Suite(.enabled(if: !SeedDocuments.all.isEmpty, "the seed's documents are missing: RELAUNCH_SHARED, or examples/seed"))
  struct PushTests {
    @Test func wouldRestartTheDeploymentThatTheSeedMaps() async throws {
      let server = try await RunningServer.start(Site())
      let story = try await server.pushed(PushMessage())
      #expect(story["outcome"] == "would-restart")
      #expect(story["image"]?.string?.hasPrefix(PushMessage.frontend) == true)
      let decision = story["stages"]?.array?.first { $0["state"] == "decided" }
      let line = await server.process.errors.first { $0.contains("\"finished\"") }
      #expect(line?.contains("Deployment/default/frontend-deployment") == true)
      #expect(decision?["jobs"]?.array?.count == 1)
    }

    @Test func keepsAnUnknownImageAsADeadLetterThatNamesIt() async throws {
      let server = try await RunningServer.start(Site())
      let story = try await server.pushed(PushMessage(image: "us-docker.pkg.dev/acme-prod/apps/unknown:latest"))
      #expect(story["outcome"] == "dead")
      let letters = try await server.deadLetters()
      #expect(letters.count == 1)
      #expect(letters.first?["reason"] == "unresolved")
      #expect(letters.first?["detail"]?.string?.contains("us-docker.pkg.dev/acme-prod/apps/unknown:latest") == true)
    }

    @Test(arguments: [PushMessage.frontend, "us-docker.pkg.dev/acme-prod/apps/unknown:latest"])
    func answersAfterTheOutcomeWhereTheSourceSaysSo(_ image: String) async throws {
      var configuration = Site.Configuration()
      configuration.sources += "\n    ack: completed"
      let server = try await RunningServer.start(Site(configuration))
      let message = PushMessage(image: image)
      #expect(try await server.push(message) == .noContent)
      let outcome = try await server.ask("/events/\(message.id)").json["outcome"]
      #expect(outcome == (image == PushMessage.frontend ? "would-restart" : "dead"))
    }

    @Test func makesOneEventAndOneJobOfFiveCopies() async throws {
      let server = try await RunningServer.start(Site())
      let message = PushMessage()
      try await withThrowingTaskGroup { group in
        for _ in 0..<5 { group.addTask { try await server.push(message) } }
        for try await status in group { #expect(status == .noContent) }
      }
      let story = try await server.story(message.id)
      #expect(try await server.events().map { $0["id"] } == [.string(message.id)])
      let stages = story["stages"]?.array ?? []
      #expect(stages.compactMap { $0["state"]?.string } == ["received", "decided", "finished"])
      #expect(stages.compactMap { $0["jobs"]?.array?.count } == [1])
    }
  }
}
