import HTTP
import HTTPClient
import JSON
import TestSupport
import Testing

/// One line of the index of recorded payloads.
struct Payload: Sendable, CustomTestStringConvertible {
  let file: String
  let form: String
  let expected: String

  var testDescription: String { file }

  static let all: [Payload] = ((try? SharedData.text("payloads/INDEX.tsv")) ?? "").split(separator: "\n").dropFirst().map {
    line in
    let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    return Payload(file: cells[0], form: cells[1], expected: cells.last ?? "")
  }

  /// What a site that maps `web` and `server` makes of it; nil where the index leaves it to the rules.
  var outcomes: Set<String> {
    switch true {
    case form == "other": ["ignored", "filtered", "dead", "would-restart"]
    case expected.contains("poison"): ["dead"]
    case expected.contains("ignore") || expected.contains("do not restart") || expected.contains("0-byte"):
      ["ignored", "filtered"]
    // The seed's rules ask for a digest.
    case expected.contains("not documented for INSERT"): ["filtered"]
    default: ["would-restart"]
    }
  }
}

extension BuiltServer {
  @Suite(.enabled(if: SharedData.isPresent && !SeedDocuments.all.isEmpty, "the shared payloads are missing: set RELAUNCH_SHARED"))
  struct PayloadTests {
    /// A site of its own for each: many of the recordings share a message id.
    @Test(arguments: Payload.all) func isAnsweredAndHasAnOutcome(_ payload: Payload) async throws {
      let site = try Site()
      try site.map("web", to: "web")
      try site.map("server", to: "server")
      let server = try await RunningServer.start(site)
      let response = try await server.push(content: try SharedData.bytes("payloads/\(payload.file)"), token: try site.token())
      #expect(response.status == .noContent)
      let events = try await server.events()
      #expect(events.count == 1)
      let id = try #require(events.first?["id"]?.string)
      let story = try await server.story(id)
      let outcome = try #require(story["outcome"]?.string)
      #expect(payload.outcomes.contains(outcome), "\(payload.expected): \(story["reason"]?.string ?? "")")
    }

    @Test func takesMetadataOfUnwrappedMessagesFromFields() async throws {
      let site = try Site()
      try site.map("web", to: "web")
      let server = try await RunningServer.start(site)
      let lines = try SharedData.text("payloads/unwrapped-writemetadata.headers").split(separator: "\n")
      let fields = lines.map { line in
        let parts = line.split(separator: ": ", maxSplits: 1)
        return (name: FieldName(String(parts[0])), value: String(parts[1]))
      }
      let content = try SharedData.bytes("payloads/unwrapped-gar-insert-tag.json")
      for _ in 0..<2 {
        let response = try await server.push(content: content, token: try site.token(), fields: fields)
        #expect(response.status == .noContent)
      }
      let story = try await server.story("11900000000050001")
      #expect(story["message"]?["subscription"] == "projects/acme-prod/subscriptions/rollout-hook")
      #expect(try await server.events().count == 1)
    }

    @Test(arguments: [
      "", "not JSON", "[]", "{}", "{\"message\":{}}", "{\"message\":{\"data\":\"***\",\"messageId\":\"1\"}}",
      "{\"message\":{\"data\":\"bm90IEpTT04=\",\"messageId\":\"1\"},\"subscription\":\"s\"}", "\u{0}\u{1}", "{\"message\":",
      String(repeating: "[", count: 10_000),
    ])
    func acknowledgesPoisonAndKeepsIt(_ body: String) async throws {
      let server = try await RunningServer.start(Site())
      let response = try await server.push(content: Array(body.utf8), token: try server.site.token())
      #expect(response.status == .noContent)
      let events = try await server.events()
      #expect(events.count == 1)
      let story = try await server.story(try #require(events.first?["id"]?.string))
      // An empty message is no news and no poison: Pub/Sub pushes one for a message of attributes only.
      let isEmpty = ["", "{}", "{\"message\":{}}"].contains(body)
      if story["outcome"] == "ignored", isEmpty { return }
      #expect(story["outcome"] == "dead")
      #expect(try await server.deadLetters().map { $0["reason"] } == ["poison"])
    }
  }
}
