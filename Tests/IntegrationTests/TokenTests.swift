import Clocks
import HTTP
import HTTPClient
import JSON
import JOSE
import TestSupport
import Testing

/// A token that must not open the door.
enum BadToken: String, CaseIterable, Sendable {
  case missing, malformed, audience, issuer, signature, expired, unsigned, otherKey
  case email, unverified

  var status: HTTPStatus {
    switch self {
    case .email, .unverified: .forbidden
    default: .unauthorized
    }
  }

  /// - Returns: nil for no token at all.
  func token(_ mint: TokenMint) throws -> String? {
    let now = SystemWallClock().now()
    let claimed: [UInt8]
    switch self {
    case .missing: return nil
    case .malformed: return "abc.def"
    case .audience: claimed = try mint.token(now: now) { $0["aud"] = "https://hooks.example.com/push/other" }
    case .issuer: claimed = try mint.token(now: now) { $0["iss"] = "https://accounts.example.com" }
    case .expired: claimed = try mint.token(issuedAt: now.seconds - 7200)
    case .email: claimed = try mint.token(now: now) { $0["email"] = "stranger@acme.iam.gserviceaccount.com" }
    case .unverified: claimed = try mint.token(now: now) { $0["email_verified"] = false }
    case .otherKey: claimed = try TokenMint(keyID: mint.keyID).token(now: now)
    case .signature:
      let original = try parts(mint.token(now: now))
      let changed = try parts(mint.token(now: now) { $0["sub"] = "1" })
      return "\(changed[0]).\(changed[1]).\(original[2])"
    case .unsigned:
      let header = Base64URL.encode(Array(#"{"alg":"none","kid":"\#(mint.keyID)","typ":"JWT"}"#.utf8))
      return "\(header).\(try parts(mint.token(now: now))[1])."
    }
    return String(decoding: claimed, as: UTF8.self)
  }

  private func parts(_ token: [UInt8]) -> [String] {
    String(decoding: token, as: UTF8.self).split(separator: ".").map(String.init)
  }
}

extension BuiltServer {
  struct TokenTests {
    @Test func answersEveryReasonAlikeAndLogsWhichItWas() async throws {
      let server = try await RunningServer.start(Site())
      var answers: [HTTPStatus: Set<[UInt8]>] = [:]
      for bad in BadToken.allCases {
        let response = try await server.push(content: PushMessage().body, token: try bad.token(server.site.mint))
        #expect(response.status == bad.status, "\(bad)")
        answers[response.status, default: []].insert(response.content)
      }
      #expect(answers == [.unauthorized: [Array("unauthorized\n".utf8)], .forbidden: [Array("forbidden\n".utf8)]])
      #expect(try await server.events().isEmpty)
      await server.stop()
      await server.process.errors.end()
      let reasons = server.process.errors.lines.compactMap { line -> String? in
        guard let entry = try? JSONValue(parsing: line), entry["event"] == "push refused" else { return nil }
        return entry["detail"]?.string
      }
      #expect(reasons.count == BadToken.allCases.count)
      #expect(Set(reasons).count >= BadToken.allCases.count - 1, "\(reasons)")
    }

    @Test func tellsNobodyAToken() async throws {
      let server = try await RunningServer.start(Site())
      let good = try server.site.token()
      let bad = try #require(try BadToken.audience.token(server.site.mint))
      let message = PushMessage()
      var answers: [String] = []
      for token in [good, bad] {
        let response = try await server.push(content: message.body, token: token)
        response.fields.forEach { answers.append("\($0): \($1)") }
        answers.append(String(decoding: response.content, as: UTF8.self))
      }
      answers.append(try await server.story(message.id).text())
      for (origin, path) in [
        (server.ops, "/metrics"), (server.ops, "/readyz"), (server.admin, "/rules"), (server.admin, "/events"),
      ] {
        answers.append(String(decoding: try await server.send(.get, origin, path).content, as: UTF8.self))
      }
      await server.stop()
      await server.process.errors.end()
      answers += server.process.errors.lines + server.process.output.lines
      for token in [good, bad] {
        for part in token.split(separator: ".").dropFirst() { #expect(!answers.contains { $0.contains(part) }) }
      }
    }
  }
}
