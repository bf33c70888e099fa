import Glibc
import HTTP
import HTTPClient
import JSON
import Testing

extension BuiltServer {
  /// What people see of dead letters, and what they can do about them.
  @Suite(.enabled(if: !SeedDocuments.all.isEmpty, "the seed's documents are missing: RELAUNCH_SHARED, or examples/seed"))
  struct AdminTests {
    private static let unknown = "us-docker.pkg.dev/acme-prod/apps/unknown:latest"

    /// A server with one dead letter.
    private func scene() async throws -> (server: RunningServer, message: PushMessage, letter: String) {
      let server = try await RunningServer.start(Site())
      let message = PushMessage(image: Self.unknown)
      _ = try await server.pushed(message)
      let letters = try await server.deadLetters()
      guard letters.count == 1, let id = letters.first?["id"]?.string else {
        throw Unmet("one dead letter: there are \(letters)")
      }
      return (server, message, id)
    }

    private func mapUnknown(_ server: RunningServer) async throws {
      let before = try await server.ask("/rules").json["generation"]
      try server.site.map("unknown", to: "late-deployment")
      try await eventually("the mapping is in force") {
        let now = try await server.ask("/rules").json["generation"]
        return now != nil && now != before ? .met(()) : .saw("\(now ?? .null)")
      }
    }

    @Test func replaysOnceTheMappingIsMended() async throws {
      let (server, message, letter) = try await scene()
      try await mapUnknown(server)
      #expect(try await server.ask("/deadletters/\(letter)/replay", .post).status == .accepted)
      #expect(try await server.story(message.id)["outcome"] == "would-restart")
      #expect(try await server.deadLetters().isEmpty)
      let again = try await server.ask("/deadletters/\(letter)/replay", .post)
      #expect(again.status == .notFound)
      #expect(again.json["error"]?.string?.contains(letter) == true)
    }

    @Test func replayWithoutMendingIsADeadLetterAgain() async throws {
      let (server, message, letter) = try await scene()
      #expect(try await server.ask("/deadletters/\(letter)/replay", .post).status == .accepted)
      #expect(try await server.story(message.id)["outcome"] == "dead")
      let letters = try await server.deadLetters()
      #expect(letters.count == 1)
      #expect(letters.first?["id"]?.string != letter)
    }

    @Test func aReplayOutlivesAKill() async throws {
      var (server, message, letter) = try await scene()
      for _ in 0..<8 {
        #expect(try await server.ask("/deadletters/\(letter)/replay", .post).status == .accepted)
        await server.stop(SIGKILL)
        server = try await RunningServer.start(server.site)
        #expect(try await server.story(message.id)["outcome"] == "dead")
        let letters = try await server.deadLetters()
        #expect(letters.count == 1)
        let next = try #require(letters.first?["id"]?.string)
        #expect(next != letter)
        letter = next
      }
    }

    @Test func discards() async throws {
      let (server, message, letter) = try await scene()
      #expect(try await server.ask("/deadletters/\(letter)", .delete).status == .ok)
      #expect(try await server.deadLetters().isEmpty)
      #expect(try await server.ask("/deadletters/\(letter)").status == .notFound)
      #expect(try await server.ask("/deadletters/\(letter)", .delete).status == .notFound)
      #expect(try await server.story(message.id)["stages"]?.array?.last?["state"] == "discarded")
    }

    @Test func listsAsJSONAndAsText() async throws {
      let (server, message, letter) = try await scene()
      #expect(try await server.ask("/deadletters?reason=unresolved").json["deadLetters"]?.array?.count == 1)
      #expect(try await server.ask("/deadletters?reason=forbidden").json["deadLetters"]?.array?.count == 0)
      #expect(try await server.ask("/deadletters?image=apps%2Funknown").json["deadLetters"]?.array?.count == 1)
      let text = try await server.send(.get, server.admin, "/deadletters", [(.accept, "text/plain")])
      #expect(text.fields[.contentType]?.hasPrefix("text/plain") == true)
      let lines = String(decoding: text.content, as: UTF8.self).split(separator: "\n")
      #expect(lines.count == 2)
      #expect(lines.first?.hasPrefix("LAST") == true)
      #expect(lines.last?.contains(letter) == true)
      let shown = try await server.ask("/deadletters/\(letter)").json
      #expect(shown["story"]?["id"] == .string(message.id))
    }

    @Test func theCommandsDoTheSame() async throws {
      let (server, message, letter) = try await scene()
      let address = server.admin.description
      let listed = try await RelaunchBinary.run("deadletters", "list", "--server", address)
      #expect(listed.status == 0)
      #expect(listed.output.contains(letter))
      let json = try await RelaunchBinary.run("deadletters", "list", "--json", "--server", address)
      #expect(try JSONValue(parsing: json.output)["deadLetters"]?.array?.count == 1)
      let shown = try await RelaunchBinary.run("deadletters", "show", letter, "--server", address)
      #expect(shown.status == 0)
      #expect(shown.output.contains(Self.unknown))
      let explained = try await RelaunchBinary.run("explain", message.id, "--server", address)
      #expect(explained.status == 0)
      #expect(explained.output.contains("unable to resolve"))
      try await mapUnknown(server)
      let replayed = try await RelaunchBinary.run("deadletters", "replay", letter, "--server", address)
      #expect(replayed.status == 0)
      #expect(try await server.story(message.id)["outcome"] == "would-restart")
      let twice = try await RelaunchBinary.run("deadletters", "replay", letter, "--server", address)
      #expect(twice.status == 1)
      #expect(twice.errors.contains(letter))
      let discarded = try await RelaunchBinary.run("deadletters", "discard", letter, "--server", address)
      #expect(discarded.status == 1)
    }

    @Test func theCommandsChangeMany() async throws {
      let (server, _, _) = try await scene()
      let address = ["--server", server.admin.description]
      for _ in 1...4 {
        let message = PushMessage(image: Self.unknown)
        _ = try await server.pushed(message)
        #expect(try await server.story(message.id)["outcome"] == "dead")
      }
      let listed = try await RelaunchBinary.run(["deadletters", "list", "--limit", "2", "--all"] + address)
      #expect(listed.output.split(separator: "\n").count { $0.contains(".dead1") } == 5, "\(listed.output)")
      for wrong in [["replay"], ["discard"], ["replay", "1", "--all"], ["discard", "1", "--image", "x"]] {
        #expect(try await RelaunchBinary.run(["deadletters"] + wrong + address).status == 64, "\(wrong)")
      }
      let replayed = try await RelaunchBinary.run(
        ["deadletters", "replay", "--reason", "unresolved", "--limit", "2", "--all"] + address)
      // Each is a dead letter again, and is not replayed twice.
      #expect(
        replayed.output.matches(of: /\d+ replayed, \d+ left/).map { String($0.output) }
          == ["2 replayed, 3 left", "2 replayed, 1 left", "1 replayed, 0 left"])
      try await eventually("the replays are decided") {
        let count = try await server.deadLetters().count
        return count == 5 ? .met(()) : .saw("\(count)")
      }
      let first = try #require(try await server.deadLetters().first?["id"]?.string)
      #expect(try await RelaunchBinary.run(["deadletters", "discard", first, "--reason", "why not"] + address).status == 0)
      let discarded = try await RelaunchBinary.run(
        ["deadletters", "discard", "--all", "--because", "a test & more"] + address)
      #expect(discarded.output.contains("4 discarded, 0 left"), "\(discarded.output)")
      #expect(try await server.deadLetters().isEmpty)
    }

    @Test func theCommandsSayWhyTheyFail() async throws {
      let server = try await RunningServer.start(Site())
      let unknown = try await RelaunchBinary.run("explain", "no-such-event", "--server", server.admin.description)
      #expect(unknown.status == 1)
      #expect(unknown.errors.contains("no-such-event"))
      await server.stop()
      let gone = try await RelaunchBinary.run("explain", "1", "--server", server.admin.description)
      #expect(gone.status == 1)
      #expect(gone.errors.contains("is the server running?"))
      #expect(try await RelaunchBinary.run("explain", "1", "--server", "nonsense").status == 2)
      #expect(try await RelaunchBinary.run("explain").status == 64)
    }
  }
}
