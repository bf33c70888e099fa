import JOSE
import JSON
import OpenSSL
import TestSupport
import Testing

@Suite struct JWSTests {
  let key: SigningKey
  let keys: JWKSet

  init() throws {
    key = try SigningKey.generateP256()
    keys = try JWKSet(parsing: JWKSet.document(for: key.verificationKey, keyID: "k").serialized())
  }

  private func verify(_ token: [UInt8]) throws(TokenRefusal) -> [UInt8] {
    try JWS(compact: token[...], algorithms: [.rs256, .es256]).payload(verifiedBy: keys)
  }

  // MARK: RFC 7515 appendix A

  private static let payload = Array("{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}".utf8)

  @Test func verifiesAppendixA2OfRFC7515() throws {
    let modulus = """
      ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMs\
      D1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdV\
      MTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ
      """
    let signature = """
      cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZ\
      cAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-e\
      OkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw
      """
    let input = Array("eyJhbGciOiJSUzI1NiJ9.\(Base64URL.encode(Self.payload))".utf8)
    let key = try VerificationKey(
      rsaModulus: #require(Base64URL.decode(modulus)), exponent: #require(Base64URL.decode("AQAB")))
    #expect(key.accepts(try #require(Base64URL.decode(signature)), of: input))
  }

  @Test func verifiesAppendixA3OfRFC7515() throws {
    let input = Array("eyJhbGciOiJFUzI1NiJ9.\(Base64URL.encode(Self.payload))".utf8)
    let key = try VerificationKey(
      p256X: #require(Base64URL.decode("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU")),
      y: #require(Base64URL.decode("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")))
    let signature = try #require(
      Base64URL.decode("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"))
    #expect(key.accepts(signature, of: input))
    #expect(!key.accepts(signature, of: (input + [0x20])))
  }

  // MARK: The form

  @Test func givesThePayloadOfAGoodToken() throws {
    #expect(try verify(JWS.signed([1, 2, 3], by: key, keyID: "k")) == [1, 2, 3])
    #expect(try verify(JWS.signed([], by: key, keyID: "k")) == [])
  }

  @Test(arguments: [("", 1), (".", 2), ("...", 4), ("a.b.c.d.e", 5), ("a.b", 2)])
  func refusesOtherNumbersOfParts(token: String, count: Int) {
    #expect(throws: TokenRefusal.notThreeParts(count: count)) { try verify(Array(token.utf8)) }
  }

  @Test func measuresATokenBeforeReadingIt() {
    let token = [UInt8](repeating: UInt8(ascii: "."), count: 16_385)
    #expect(throws: TokenRefusal.tooLong(bytes: 16_385, limit: 16_384)) { try verify(token) }
  }

  @Test func refusesPaddingInEachPart() throws {
    let parts = try JWS.signed([1, 2], by: key, keyID: "k").split(separator: UInt8(ascii: ".")).map(Array.init)
    for (position, part) in [TokenRefusal.Part.header, .payload, .signature].enumerated() {
      var padded = parts
      padded[position] += Array("=".utf8)
      #expect(throws: TokenRefusal.notBase64URL(part: part)) { try verify(Array(padded.joined(separator: [UInt8(ascii: ".")]))) }
    }
  }

  // MARK: The header

  private static let es = #""alg":"ES256","kid":"k""#

  @Test(arguments: [
    #"{"alg":"ES256","kid":"k"}"#, " { \"kid\" : \"k\" ,\n\"alg\":\"ES256\" } ", #"{"alg":"ES256","kid":"k","typ":"jwt"}"#,
    #"{"alg":"ES256","kid":"k","x5t":"AAAA","other":[1]}"#, #"{"\u0061lg":"ES256","kid":"k"}"#,
  ]) func acceptsHeadersThatSayTheSame(header: String) throws {
    #expect(try verify(JWS.signed([9], header: Array(header.utf8), by: key)) == [9])
  }

  @Test(
    arguments: [
      ("", .notJSON(part: .header)),
      ("[]", .notAnObject(part: .header)),
      ("null", .notAnObject(part: .header)),
      (#"{\#(es)} "#, nil),
      (#"{\#(es)}x"#, .notJSON(part: .header)),
      (#"{\#(es),}"#, .notJSON(part: .header)),
      (#"{'alg':'ES256','kid':'k'}"#, .notJSON(part: .header)),
      (#"{\#(es)/**/}"#, .notJSON(part: .header)),
      ("\u{feff}{\(es)}", .notJSON(part: .header)),
      (#"{\#(es),"x":"\ud800"}"#, .notJSON(part: .header)),
      (#"{"alg":"none",\#(es)}"#, .notJSON(part: .header)),
      (#"{\#(es),"alg":"none"}"#, .notJSON(part: .header)),
      (#"{\#(es),"\u0061lg":"none"}"#, .notJSON(part: .header)),
      (#"{\#(es),"kid":"j"}"#, .notJSON(part: .header)),
      (#"{\#(es),"x":\#(String(repeating: "[", count: 5000))\#(String(repeating: "]", count: 5000))}"#, .notJSON(part: .header)),
      (#"{"kid":"k"}"#, .algorithmMissing),
      (#"{"kid":"k","alg":null}"#, .algorithmNotAllowed),
      (#"{"kid":"k","alg":["ES256"]}"#, .algorithmNotAllowed),
      (#"{"kid":"k","alg":256}"#, .algorithmNotAllowed),
      (#"{"kid":"k","alg":""}"#, .algorithmNotAllowed),
      (#"{"kid":"k","alg":"none"}"#, .algorithmNotAllowed),
      (#"{"kid":"k","alg":"nOnE"}"#, .algorithmNotAllowed),
      (#"{"kid":"k","alg":"HS256"}"#, .algorithmNotAllowed),
      (#"{"kid":"k","alg":"es256"}"#, .algorithmNotAllowed),
      (#"{"kid":"k","alg":"ES256 "}"#, .algorithmNotAllowed),
      (#"{"kid":"k","alg":"ES256\u0000"}"#, .algorithmNotAllowed),
      (#"{"kid":"k","alg":"PS256"}"#, .algorithmNotAllowed),
      (#"{"kid":"k","alg":"EdDSA"}"#, .algorithmNotAllowed),
      (#"{"kid":"k","alg":"RS256"}"#, .algorithmOfAnotherKey(expected: .es256)),
      (#"{"alg":"ES256"}"#, .keyIDMissing),
      (#"{"alg":"ES256","kid":""}"#, .keyIDMissing),
      (#"{"alg":"ES256","kid":1}"#, .keyIDMissing),
      (#"{"alg":"ES256","kid":["k"]}"#, .keyIDMissing),
      (#"{"alg":"ES256","kid":"K"}"#, .unknownKey),
      (#"{"alg":"ES256","kid":"k "}"#, .unknownKey),
      (#"{"alg":"ES256","kid":"k\u0000"}"#, .unknownKey),
      (#"{"alg":"ES256","kid":"\u212a"}"#, .unknownKey),
      (#"{"alg":"ES256","kid":"../../k"}"#, .unknownKey),
      (#"{\#(es),"crit":["exp"]}"#, .forbiddenHeaderParameter(.crit)),
      (#"{\#(es),"crit":[]}"#, .forbiddenHeaderParameter(.crit)),
      (#"{\#(es),"b64":false}"#, .forbiddenHeaderParameter(.b64)),
      (#"{\#(es),"zip":"DEF"}"#, .forbiddenHeaderParameter(.zip)),
      (#"{\#(es),"jku":"http://169.254.169.254/"}"#, .forbiddenHeaderParameter(.jku)),
      (#"{\#(es),"jwk":{}}"#, .forbiddenHeaderParameter(.jwk)),
      (#"{\#(es),"x5u":"https://a"}"#, .forbiddenHeaderParameter(.x5u)),
      (#"{\#(es),"x5c":[]}"#, .forbiddenHeaderParameter(.x5c)),
      (#"{\#(es),"cty":"JWT"}"#, .forbiddenHeaderParameter(.cty)),
      (#"{\#(es),"typ":"JWE"}"#, .otherType),
      (#"{\#(es),"typ":"at+jwt"}"#, .otherType),
      (#"{\#(es),"typ":null}"#, .otherType),
    ] as [(String, TokenRefusal?)]) func judgesEachHeader(header: String, refusal: TokenRefusal?) throws
  {
    let token = try JWS.signed([9], header: Array(header.utf8), by: key)
    if let refusal {
      #expect(throws: refusal) { try verify(token) }
    } else {
      #expect(try verify(token) == [9])
    }
  }

  @Test func theAllowListIsAskedFirst() throws {
    let token = try JWS.signed([9], by: key, keyID: "k")
    #expect(throws: TokenRefusal.algorithmNotAllowed) { try JWS(compact: token[...]) }
  }

  // MARK: The signature

  @Test func refusesEverySignatureButTheRightOne() throws {
    let parts = try JWS.signed([9], by: key, keyID: "k").split(separator: UInt8(ascii: ".")).map(Array.init)
    let right = try #require(Base64URL.decode(parts[2][...]))
    let wrong: [[UInt8]] = [
      [], [UInt8](repeating: 0, count: 64), Array(right.dropLast()), right + [0], [0] + right,
      Array(right.prefix(32)) + [UInt8](repeating: 0, count: 32), Array(right.suffix(32) + right.prefix(32)),
      [right[0] ^ 0x80] + right.dropFirst(), right.dropLast() + [right[63] ^ 1], [UInt8](repeating: 0xff, count: 64),
    ]
    for signature in wrong {
      let token = parts[0] + Array(".".utf8) + parts[1] + Array(".\(Base64URL.encode(signature))".utf8)
      #expect(throws: TokenRefusal.wrongSignature) { try verify(token) }
    }
    let stranger = try JWS.signed([9], by: SigningKey.generateP256(), keyID: "k")
    #expect(throws: TokenRefusal.wrongSignature) { try verify(stranger) }
  }

  /// A token in which any byte is another is refused: strict base64url leaves no second spelling, and the rest is signed. (ECDSA
  /// has a second signature for each text, but no single changed byte leads to it.)
  @Test(arguments: [VerificationKey.Kind.p256, .rsa]) func noChangedByteIsAccepted(kind: VerificationKey.Kind) throws {
    let mint = try TokenMint(kind)
    let (keys, policy) = (try mint.keySet(), try mint.policy())
    let token = try mint.token(issuedAt: 1_800_000_000)
    #expect(try policy.accept(token[...], keys: keys, now: 1_800_000_000).email == mint.email)
    var random = SplitMix()
    print("seed \(random.seed)")
    for _ in 0..<3000 {
      var changed = token
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let position = Int.random(in: changed.indices, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: changed[position] = .random(in: .min ... .max, using: &random)
        case 1: changed[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: changed.remove(at: position)
        default: changed.insert(.random(in: .min ... .max, using: &random), at: position)
        }
      }
      guard changed != token else { continue }
      #expect(throws: TokenRefusal.self) { try policy.accept(changed[...], keys: keys, now: 1_800_000_000) }
    }
  }

  @Test func noSentenceRepeatsTheToken() throws {
    let secret = "s3cr3t-text"
    let header = #"{"alg":"\#(secret)","kid":"\#(secret)","\#(secret)":1,"\#(secret)":2}"#
    for token in ["\(secret).\(secret).\(secret)", secret] {
      let refusal = #expect(throws: TokenRefusal.self) { try verify(Array(token.utf8)) }
      #expect(refusal.map { "\($0)".contains(secret) } == false)
    }
    let refusal = #expect(throws: TokenRefusal.self) { try verify(JWS.signed([9], header: Array(header.utf8), by: key)) }
    #expect(refusal.map { "\($0)".contains(secret) } == false)
  }
}
