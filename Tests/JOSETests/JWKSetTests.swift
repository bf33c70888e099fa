import JOSE
import JSON
import OpenSSL
import TestSupport
import Testing

@Suite struct JWKSetTests {
  private func set(_ keys: [JSONValue]) throws(JWKSetError) -> JWKSet {
    try JWKSet(parsing: (["keys": .array(keys)] as JSONValue).serialized())
  }

  private func jwk(_ id: String = "a", _ key: SigningKey) throws -> JSONValue {
    try #require(JWKSet.document(for: key.verificationKey, keyID: id)["keys"]?[0])
  }

  private func changing(_ key: JSONValue, _ name: String, _ value: JSONValue?) throws -> JSONValue {
    var object = try #require(key.object)
    object[name] = value
    return .object(object)
  }

  @Test(arguments: [VerificationKey.Kind.rsa, .p256]) func readsTheDocumentItWrites(kind: VerificationKey.Kind) throws {
    let key = kind == .rsa ? try SigningKey.generateRSA() : try .generateP256()
    let name = try JWKSet.thumbprint(of: key.verificationKey)
    let set = try JWKSet(parsing: JWKSet.document(for: key.verificationKey, keyID: name).serialized())
    #expect(set.keys.map(\.keyID) == [name])
    #expect(set.keys.map(\.algorithm) == [SignatureAlgorithm(for: kind)])
    #expect(set.warnings == [])
    let signature = try key.sign([1, 2].span)
    #expect(set.key(id: name)?.key.accepts(signature, of: [1, 2]) == true)
    #expect(set.key(id: name + " ") == nil)
  }

  @Test func matchesTheThumbprintOfRFC7638() throws {
    let modulus = """
      0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMst\
      n64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajr\
      n1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw
      """
    let key = try VerificationKey(rsaModulus: #require(Base64URL.decode(modulus)), exponent: [1, 0, 1])
    #expect(try JWKSet.thumbprint(of: key) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
  }

  @Test(arguments: [
    ("", "key set: the JSON ends at byte 0, inside a value"), ("{}", "key set: not an object with an array named keys"),
    ("[]", "key set: not an object with an array named keys"),
    (#"{"keys":null}"#, "key set: not an object with an array named keys"),
    (#"{"keys":{}}"#, "key set: not an object with an array named keys"), (#"{"keys":[]}"#, "key set: no keys"),
    (#"{"keys":[1]}"#, "key set: no usable key: the first one is not a JSON object"),
    (
      #"{"keys":[{"kty":"oct","kid":"a","k":"AAAA"}]}"#,
      "key set: no usable key: the first one was published with its private members; its owner must replace it"
    ),
    (#"{"keys":[],"keys":[]}"#, #"key set: the member name "keys" at byte 11 occurs twice in one object"#),
  ]) func refusesDocumentsThatMustNotReplaceAGoodOne(document: String, problem: String) {
    let error = #expect(throws: JWKSetError.self) { try JWKSet(parsing: Array(document.utf8)) }
    #expect(error.map { "\($0)" } == problem + "; see that its address is the one of a JWK set (RFC 7517)")
  }

  @Test func boundsSizeAndCount() throws {
    #expect(throws: JWKSetError.tooLarge(bytes: 131_073, limit: 131_072)) {
      try JWKSet(parsing: [UInt8](repeating: 0x20, count: 131_073))
    }
    #expect(throws: JWKSetError.tooManyKeys(count: 65, limit: 64)) { try set(Array(repeating: [:], count: 65)) }
  }

  @Test func refusesTwoUsableKeysOfOneID() throws {
    let keys = [try jwk("a", SigningKey.generateP256()), try jwk("a", SigningKey.generateP256())]
    #expect(throws: JWKSetError.duplicateKeyID(position: 1)) { try set(keys) }
  }

  @Test func passesOverKeysThatAreNotForUs() throws {
    let good = try jwk("good", SigningKey.generateP256())
    let others: [JSONValue] = [
      try changing(good, "use", "enc"), try changing(good, "key_ops", ["encrypt"]), try changing(good, "alg", "ES384"),
      try changing(good, "kty", "OKP"), try changing(good, "crv", "P-384"), try changing(good, "d", "AAAA"),
      try changing(good, "kid", nil), try changing(good, "kid", ""), try changing(good, "x", "AAAA"),
      try changing(good, "y", nil),
      try changing(good, "x", good["y"]), "text",
    ]
    let set = try set(others + [good])
    #expect(set.keys.map(\.keyID) == ["good"])
    #expect(
      set.refused.map(\.reason) == [
        .otherUse, .otherUse, .otherAlgorithm, .otherKind, .otherKind, .holdsSecret, .noKeyID, .noKeyID,
        .unfit(.coordinateSize), .malformed, .unfit(.pointNotOnCurve), .notAnObject,
      ])
    #expect(set.refused.map(\.position) == Array(0..<12))
    #expect(set.warnings.count == 7)
  }

  @Test func acceptsKeysThatSayLess() throws {
    let key = try jwk("a", SigningKey.generateP256())
    let bare = try changing(changing(key, "alg", nil), "use", nil)
    #expect(try set([changing(bare, "key_ops", ["verify"])]).keys.map(\.algorithm) == [.es256])
  }

  @Test func randomDocumentsNeverTrap() throws {
    let document = try (["keys": [jwk("a", SigningKey.generateRSA()), jwk("b", SigningKey.generateP256())]] as JSONValue)
      .serialized()
    var random = SplitMix()
    print("seed \(random.seed)")
    for _ in 0..<500 {
      var changed = document
      for _ in 0..<Int.random(in: 1...5, using: &random) {
        changed[Int.random(in: changed.indices, using: &random)] = .random(in: .min ... .max, using: &random)
      }
      _ = try? JWKSet(parsing: changed)
    }
  }
}
