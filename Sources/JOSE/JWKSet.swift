package import JSON
package import OpenSSL

/// The keys of an issuer, RFC 7517 section 5: those that we can verify with.
package struct JWKSet: Sendable {
  /// At least one; no two of the same ID.
  package let keys: [VerificationJWK]
  /// The keys that were passed over: their place in the document, from 0, and why.
  package let refused: [(position: Int, reason: JWKRefusal)]

  /// Sentences about refused keys that someone should look into.
  package var warnings: [String] {
    refused.filter(\.reason.isWorthAWarning).map { "key \($0.position) of the key set \($0.reason)" }
  }

  /// Reads a document. Keys of other kinds and uses are passed over.
  /// - Throws: for a document without a usable key, and one that cannot be trusted to mean what it says. Keep the last good set.
  package init(
    parsing document: [UInt8], bytesLimit: Int = 128 << 10, countLimit: Int = 64
  ) throws(JWKSetError) {
    guard document.count <= bytesLimit else { throw .tooLarge(bytes: document.count, limit: bytesLimit) }
    let value: JSONValue
    do { value = try JSONValue(parsing: document, limits: JSONLimits(bytes: bytesLimit, depth: 16)) } catch {
      throw .notJSON(error)
    }
    guard let elements = value["keys"]?.array else { throw .noKeysMember }
    guard elements.count <= countLimit else { throw .tooManyKeys(count: elements.count, limit: countLimit) }
    var keys: [VerificationJWK] = []
    var refused: [(position: Int, reason: JWKRefusal)] = []
    for (position, element) in elements.enumerated() {
      let key: VerificationJWK
      do { key = try VerificationJWK(element) } catch {
        refused.append((position, error))
        continue
      }
      guard !keys.contains(where: { $0.keyID.utf8.elementsEqual(key.keyID.utf8) }) else {
        throw .duplicateKeyID(position: position)
      }
      keys.append(key)
    }
    guard !keys.isEmpty else { throw .noUsableKey(refused.map(\.reason)) }
    self.keys = keys
    self.refused = refused
  }

  /// A set of keys that are known already.
  package init(keys: [VerificationJWK]) {
    self.keys = keys
    refused = []
  }

  /// The key with exactly this ID, compared byte by byte.
  package func key(id: String) -> VerificationJWK? {
    // Not `==`, which takes canonically equivalent spellings of Unicode for equal.
    keys.first { $0.keyID.utf8.elementsEqual(id.utf8) }
  }

  /// The document for others to verify with: `key`, named `keyID`.
  package static func document(for key: VerificationKey, keyID: String) throws(KeyError) -> JSONValue {
    let members: [(name: String, value: JSONValue)] =
      switch try key.numbers() {
      case .rsa(let modulus, let exponent):
        [("kty", "RSA"), ("n", .string(Base64URL.encode(modulus))), ("e", .string(Base64URL.encode(exponent)))]
      case .p256(let x, let y):
        [("kty", "EC"), ("crv", "P-256"), ("x", .string(Base64URL.encode(x))), ("y", .string(Base64URL.encode(y)))]
      }
    let common: [(name: String, value: JSONValue)] = [
      ("kid", .string(keyID)), ("use", "sig"), ("alg", .string(SignatureAlgorithm(for: key.kind).rawValue)),
    ]
    return ["keys": [.object(JSONObject(common + members))]]
  }

  /// A name for `key` that follows from the key: its thumbprint, RFC 7638.
  package static func thumbprint(of key: VerificationKey) throws(KeyError) -> String {
    let document: JSONValue =
      switch try key.numbers() {
      case .rsa(let modulus, let exponent):
        ["e": .string(Base64URL.encode(exponent)), "kty": "RSA", "n": .string(Base64URL.encode(modulus))]
      case .p256(let x, let y):
        ["crv": "P-256", "kty": "EC", "x": .string(Base64URL.encode(x)), "y": .string(Base64URL.encode(y))]
      }
    return Base64URL.encode(SHA256.digest(of: document.serialized().span).bytes)
  }
}
