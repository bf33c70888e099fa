import JOSE
import JSON
import TestSupport
import Testing

/// The attack and edge cases of the contract: every token, every Authorization field, every key set document.
@Suite(.enabled(if: SharedData.isPresent, "the shared vectors are not here; set RELAUNCH_SHARED to their directory"))
struct AttackVectorTests {
  @Test func everyCaseEndsAsStated() throws {
    var vectors = try VectorFile(lines: "jwt-attacks.jsonl")
    let lines = try #require(vectors.content.array)
    let setup = try Setup(try #require(lines.first))
    for line in lines.dropFirst() {
      let id = try #require(line["id"]?.string)
      let outcome = try setup.outcome(of: line)
      vectors.count("\(id) (\(line["note"]?.string ?? "")): \(outcome)", outcome.isStated(by: line))
    }
    print(vectors.summary)
    #expect(vectors.total == lines.count - 1)
    #expect(vectors.failures == [])
  }

  /// What came out: a verdict in the file's words, a status where there is one, and the reason.
  struct Outcome: CustomStringConvertible {
    let verdict: String
    let status: Int?
    let reason: String

    func isStated(by line: JSONValue) -> Bool {
      if verdict == line["also"]?.string { return true }
      let statuses = [line["status"]?.int].compactMap { $0 } + (line["also_status"]?.array ?? []).compactMap(\.int)
      return verdict == line["verdict"]?.string && (status.map(statuses.contains) ?? statuses.isEmpty)
    }

    var description: String { "\(verdict) \(status.map(String.init) ?? "") \(reason)" }
  }

  struct Setup {
    let policy: TokenPolicy
    let keys: JWKSet
    let now: Int64

    init(_ line: JSONValue) throws {
      func texts(_ name: String) -> [String] { (line[name]?.array ?? []).compactMap(\.string) }
      policy = try TokenPolicy(
        algorithms: Set(texts("alg_allow").compactMap(SignatureAlgorithm.init)), issuers: texts("iss"), audiences: texts("aud"),
        emails: texts("email"), requiresVerifiedEmail: line["email_verified"] == true,
        leeway: .seconds(try #require(line["leeway_s"]?.int)), lifeLimit: .seconds(try #require(line["max_life_s"]?.int)),
        tokenBytesLimit: try #require(line["max_token_bytes"]?.int))
      keys = try JWKSet(parsing: try #require(line["jwks"]).serialized())
      now = Int64(try #require(line["now"]?.int))
    }

    func outcome(of line: JSONValue) throws -> Outcome {
      if let document = line["jwks"]?.string { return read(document) }
      if let headers = line["headers"]?.array {
        let fields = headers.compactMap(\.string).map { $0.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false) }
        let values = fields.filter { $0[0].lowercased() == "authorization" }.map { field in
          Array(field[1].utf8.drop { $0 == 0x20 || $0 == 0x09 }.reversed().drop { $0 == 0x20 || $0 == 0x09 }.reversed())
        }
        return accept(values)
      }
      return accept([Array("Bearer ".utf8) + Array(try #require(line["token"]?.string).utf8)])
    }

    private func accept(_ values: [[UInt8]]) -> Outcome {
      do throws(TokenRefusal) {
        let token = try BearerCredentials(authorization: values).token
        let claims = try policy.accept(token, keys: keys, now: now)
        return Outcome(verdict: "accept", status: 204, reason: claims.email ?? "")
      } catch { return Outcome(verdict: "reject", status: error.status, reason: "\(error)") }
    }

    private func read(_ document: String) -> Outcome {
      do throws(JWKSetError) {
        let set = try JWKSet(parsing: Array(document.utf8))
        return Outcome(verdict: "load-known", status: nil, reason: "\(set.keys.map(\.keyID)) \(set.warnings)")
      } catch { return Outcome(verdict: "keep-last-good", status: nil, reason: "\(error)") }
    }
  }
}
