import JSON
package import OpenSSL

/// A public key of a key set: usable for verifying, bound to one algorithm, and named.
package struct VerificationJWK: Sendable {
  package let keyID: String
  package let algorithm: SignatureAlgorithm
  package let key: VerificationKey

  package init(keyID: String, key: VerificationKey) {
    self.keyID = keyID
    self.key = key
    algorithm = SignatureAlgorithm(for: key.kind)
  }

  /// Reads one JWK, RFC 7517 section 4, and refuses it unless it is meant for verifying with an algorithm we know.
  init(_ value: JSONValue) throws(JWKRefusal) {
    guard case .object(let object) = value else { throw .notAnObject }
    // A key that was published with its secret is everyone's key.
    guard !["d", "p", "q", "dp", "dq", "qi", "oth", "k"].contains(where: { object[$0] != nil }) else { throw .holdsSecret }
    guard let keyID = object["kid"]?.string, !keyID.isEmpty else { throw .noKeyID }
    if let use = object["use"], use.string != "sig" { throw .otherUse }
    if let operations = object["key_ops"], operations.array?.contains("verify") != true { throw .otherUse }
    let key = try Self.key(object)
    let algorithm = SignatureAlgorithm(for: key.kind)
    if let named = object["alg"], named.string != algorithm.rawValue { throw .otherAlgorithm }
    self.init(keyID: keyID, key: key)
  }

  private static func key(_ object: JSONObject) throws(JWKRefusal) -> VerificationKey {
    switch (object["kty"]?.string, object["crv"]?.string) {
    case ("RSA"?, _):
      guard let modulus = bytes(object["n"]), let exponent = bytes(object["e"]) else { throw .malformed }
      do { return try VerificationKey(rsaModulus: modulus, exponent: exponent) } catch { throw .unfit(error) }
    case ("EC"?, "P-256"?):
      guard let x = bytes(object["x"]), let y = bytes(object["y"]) else { throw .malformed }
      do { return try VerificationKey(p256X: x, y: y) } catch { throw .unfit(error) }
    default: throw .otherKind
    }
  }

  private static func bytes(_ value: JSONValue?) -> [UInt8]? { value?.string.flatMap { Base64URL.decode($0) } }
}
