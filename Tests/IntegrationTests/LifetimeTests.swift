import Glibc
import HTTP
import HTTPClient
import JSON
import Testing

extension BuiltServer {
  @Suite(.enabled(if: !SeedDocuments.all.isEmpty, "the seed's documents are missing: RELAUNCH_SHARED, or examples/seed"))
  struct LifetimeTests {
    @Test func stopsInOrderAndRemembersEverything() async throws {
      let site = try Site()
      let first = try await RunningServer.start(site)
      let messages = (0..<20).map {
        PushMessage(image: "us-docker.pkg.dev/acme-prod/apps/\($0 % 2 == 0 ? "my-app-frontend" : "unknown"):latest")
      }
      for message in messages { #expect(try await first.push(message) == .noContent) }
      #expect(await first.stop() == 0)
      await first.process.errors.end()
      #expect(first.process.errors.lines.contains { $0.contains("\"stopped\"") })

      let second = try await RunningServer.start(site)
      for message in messages { _ = try await second.story(message.id) }
      #expect(try await second.events().count == 20)
      #expect(try await second.deadLetters().count == 10)
      let opened = await second.process.errors.first { $0.contains("log opened") }
      #expect(opened?.contains("\"closed_in_order\":\"true\"") == true)
      // A redelivery after the restart is still the same event.
      #expect(try await second.push(messages[0]) == .noContent)
      #expect(try await second.events().count == 20)
      #expect(await second.stop() == 0)
    }

    /// No API server answers, so the job can only wait.
    @Test func refusesMoreWhenTheBacklogIsFullAndKeepsItOverARestart() async throws {
      let site = try lonelySite("limits: {backlog: 2}\nretry: {baseDelay: 1s, maximumDelay: 1s}")
      try site.map("other", to: "other-deployment")
      let first = try await RunningServer.start(site)
      let messages = [PushMessage(), PushMessage(image: "us-docker.pkg.dev/acme-prod/apps/other:latest")]
      for message in messages { #expect(try await first.push(message) == .noContent) }
      let refused = try await first.push(content: PushMessage().body, token: try site.token())
      #expect(refused.status == .tooManyRequests)
      #expect(refused.fields[.retryAfter] == "5")
      #expect(await first.stop() == 0)

      let second = try await RunningServer.start(site)
      #expect(Set(try await second.events().compactMap { $0["id"]?.string }) == Set(messages.map(\.id)))
      #expect(try await second.ask("/jobs").json["jobs"]?.array?.count == 2)
      #expect(await second.stop() == 0)
    }

    @Test func aDeadLetterSaysWhatTheLastAttemptRanInto() async throws {
      let site = try lonelySite("retry: {attempts: 2, baseDelay: 1ms, maximumDelay: 1ms}", circuitFailures: 0)
      for number in 0..<8 { try site.map("app-\(number)", to: "deployment-\(number)") }
      let server = try await RunningServer.start(site)
      for number in 0..<8 {
        let story = try await server.pushed(PushMessage(image: "us-docker.pkg.dev/acme-prod/apps/app-\(number):latest"))
        #expect(story["outcome"] == "dead")
      }
      for letter in try await server.deadLetters() {
        #expect(letter["reason"] == "exhausted")
        #expect(letter["attempts"] == 2)
        #expect(letter["detail"]?.string?.contains("127.0.0.1:1") == true, "\(letter)")
      }
    }

    /// A site whose API server does not exist: nothing listens on port 1 of the loopback interface.
    private func lonelySite(_ more: String, circuitFailures: Int = 5) throws -> Site {
      var configuration = Site.Configuration()
      configuration.more =
        "kubernetes: {kubeconfig: nowhere.kubeconfig, circuitFailures: \(circuitFailures)}\n\(more)"
      let site = try Site(configuration)
      try site.directory.write(
        """
        apiVersion: v1
        kind: Config
        clusters: [{name: nowhere, cluster: {server: "https://127.0.0.1:1"}}]
        users: [{name: nobody, user: {token: none}}]
        contexts: [{name: nowhere, context: {cluster: nowhere, user: nobody}}]
        current-context: nowhere

        """, to: "nowhere.kubeconfig")
      return site
    }

    @Test func remembersAfterBeingKilled() async throws {
      let site = try Site()
      let first = try await RunningServer.start(site)
      let message = PushMessage()
      #expect(try await first.push(message) == .noContent)
      #expect(await first.stop(SIGKILL) == -SIGKILL)
      let second = try await RunningServer.start(site)
      #expect(try await second.story(message.id)["outcome"] == "would-restart")
    }

    @Test func aSecondServerOnTheSameLogIsRefused() async throws {
      let server = try await RunningServer.start(Site())
      let second = try RunningServer.launch(server.site)
      let status = await second.end()
      #expect(status != 0)
      await second.errors.end()
      #expect(second.errors.text.contains("state"), "\(second.errors.text)")
      #expect(try await server.push(PushMessage()) == .noContent)
    }
  }
}
