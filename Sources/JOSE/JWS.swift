import JSON
package import OpenSSL

/// A signed token in compact serialisation, RFC 7515 section 7.1, read and not yet believed.
package struct JWS: Sendable {
  package let algorithm: SignatureAlgorithm
  /// The key's name; look it up in the configured key set and nowhere else (RFC 8725 section 3.10).
  package let keyID: String
  /// The token up to the second dot: what was signed.
  private let signingInput: ArraySlice<UInt8>
  private let encodedPayload: ArraySlice<UInt8>
  private let signature: [UInt8]

  /// JSON inside a token: nothing in it is deep or large.
  static let limits = JSONLimits(bytes: 16_384, depth: 16)

  /// Reads the three parts and judges the header.
  /// - Parameters:
  ///   - algorithms: the allow-list. It is asked before anything of the header is followed (RFC 8725 section 3.1).
  ///   - bytesLimit: checked before anything is decoded.
  package init(
    compact token: ArraySlice<UInt8>, algorithms: Set<SignatureAlgorithm> = [.rs256], bytesLimit: Int = 16_384
  ) throws(TokenRefusal) {
    guard token.count <= bytesLimit else { throw .tooLong(bytes: token.count, limit: bytesLimit) }
    let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 3 else { throw .notThreeParts(count: parts.count) }
    guard let header = Base64URL.decode(parts[0]) else { throw .notBase64URL(part: .header) }
    guard let signature = Base64URL.decode(parts[2]) else { throw .notBase64URL(part: .signature) }
    (algorithm, keyID) = try Self.judge(try JSONObject(part: .header, header), algorithms)
    self.signature = signature
    signingInput = token[..<parts[1].endIndex]
    encodedPayload = parts[1]
  }

  /// The payload, once `key` has verified the signature over it. Keys are never tried in turn: find the one that `keyID` names.
  package func payload(verifiedBy key: VerificationJWK) throws(TokenRefusal) -> [UInt8] {
    guard key.algorithm == algorithm else { throw .algorithmOfAnotherKey(expected: key.algorithm) }
    // The payload's text is checked first, for a signature can be right over text that is not base64url.
    guard let payload = Base64URL.decode(encodedPayload) else { throw .notBase64URL(part: .payload) }
    guard key.key.verifies(signature.span, of: signingInput.span) else { throw .wrongSignature }
    return payload
  }

  /// The payload, verified by the key of `keys` that the header names.
  package func payload(verifiedBy keys: JWKSet) throws(TokenRefusal) -> [UInt8] {
    guard let key = keys.key(id: keyID) else { throw .unknownKey }
    return try payload(verifiedBy: key)
  }

  private static func judge(
    _ header: JSONObject, _ algorithms: Set<SignatureAlgorithm>
  ) throws(TokenRefusal) -> (SignatureAlgorithm, String) {
    guard let named = header["alg"] else { throw .algorithmMissing }
    guard let name = named.string, let algorithm = algorithms.first(where: { $0.rawValue.utf8.elementsEqual(name.utf8) }) else {
      throw .algorithmNotAllowed
    }
    if let forbidden = TokenRefusal.ForbiddenParameter.allCases.first(where: { header[$0.rawValue] != nil }) {
      throw .forbiddenHeaderParameter(forbidden)
    }
    // RFC 7515 section 4.1.9: a media type, so compared without case.
    if let type = header["typ"], type.string.map({ $0.utf8.map { $0 | 0x20 } }) != Array("jwt".utf8) { throw .otherType }
    guard let keyID = header["kid"]?.string, !keyID.isEmpty else { throw .keyIDMissing }
    return (algorithm, keyID)
  }

  /// A new token: `payload` signed by `key`, with the header that Google's tokens have.
  package static func signed(_ payload: [UInt8], by key: SigningKey, keyID: String) throws(KeyError) -> [UInt8] {
    let header: JSONValue = [
      "alg": .string(SignatureAlgorithm(for: key.kind).rawValue), "kid": .string(keyID), "typ": "JWT",
    ]
    return try signed(payload, header: header.serialized(), by: key)
  }

  /// A new token with any header at all; tests need wrong ones.
  package static func signed(_ payload: [UInt8], header: [UInt8], by key: SigningKey) throws(KeyError) -> [UInt8] {
    let input = Array("\(Base64URL.encode(header)).\(Base64URL.encode(payload))".utf8)
    return input + Array(".\(Base64URL.encode(try key.sign(input.span)))".utf8)
  }
}

extension JSONObject {
  /// The object in `bytes`, one part of a token.
  init(part: TokenRefusal.Part, _ bytes: [UInt8]) throws(TokenRefusal) {
    let value: JSONValue
    do { value = try JSONValue(parsing: bytes, limits: JWS.limits) } catch { throw .notJSON(part: part) }
    guard case .object(let object) = value else { throw .notAnObject(part: part) }
    self = object
  }
}
