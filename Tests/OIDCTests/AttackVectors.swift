import Clocks
import JOSE
import JSON
import OIDC
import TestSupport
import Testing

/// The attack cases of the contract, which stand beside the checkout.
struct AttackVectors {
  let setup: JSONValue
  let cases: [JSONValue]

  init() throws {
    let lines = try SharedData.bytes("vectors/jwt-attacks.jsonl").split(separator: UInt8(ascii: "\n"))
      .map { try JSONValue(parsing: $0) }
    setup = try #require(lines.first)
    cases = Array(lines.dropFirst())
  }

  var now: Timestamp { Timestamp(seconds: Int64(setup["now"]?.int ?? 0)) }

  func policy() throws -> AuthenticationPolicy {
    func texts(_ name: String) -> [String] { (setup[name]?.array ?? []).compactMap(\.string) }
    return try AuthenticationPolicy(
      issuers: texts("iss"), audiences: texts("aud"), emails: texts("email"),
      algorithms: Set(texts("alg_allow").compactMap(SignatureAlgorithm.init)))
  }

  /// The values of the Authorization fields of one case.
  static func authorization(of line: JSONValue) -> [ArraySlice<UInt8>] {
    if let token = line["token"]?.string { return Scene.field(Array(token.utf8)) }
    return (line["headers"]?.array ?? []).compactMap(\.string).compactMap { header in
      let parts = header.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, parts[0].lowercased() == "authorization" else { return nil }
      let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
      let value = Array(parts[1].utf8).drop(while: isSpace)
      return value.dropLast(value.reversed().prefix(while: isSpace).count)
    }
  }
}
