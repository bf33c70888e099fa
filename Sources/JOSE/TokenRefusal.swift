/// Why a token is not accepted. The sentences go to the log and contain nothing of the token; the sender sees a status only.
package enum TokenRefusal: Error, Hashable, Sendable {
  // The Authorization field, RFC 9110 section 11.6.2 and RFC 6750 section 2.1.
  case noCredentials
  case severalCredentials(count: Int)
  /// Control characters: no HTTP message may carry them in a field.
  case controlCharacterInField
  case otherScheme
  case malformedCredentials

  // The form, RFC 7515.
  case tooLong(bytes: Int, limit: Int)
  case notThreeParts(count: Int)
  case notBase64URL(part: Part)
  case notJSON(part: Part)
  case notAnObject(part: Part)

  // The header.
  case algorithmMissing
  case algorithmNotAllowed
  case keyIDMissing
  case forbiddenHeaderParameter(ForbiddenParameter)
  case otherType

  // The key and the signature.
  /// The key set may be older than the key: refresh it once, then refuse.
  case unknownKey
  case algorithmOfAnotherKey(expected: SignatureAlgorithm)
  case wrongSignature
  /// No key set was ever loaded, or the last one is too old: we cannot judge.
  case keysUnavailable

  // The claims, RFC 7519 section 4.1.
  case claimMissing(Claim)
  case claimMalformed(Claim)
  case expired(seconds: Int64)
  case notYetValid(Claim, seconds: Int64)
  case livesTooLong(seconds: Int64, limit: Int64)
  case expiresBeforeIssued
  case otherIssuer
  case otherAudience

  // The signature is good, and the identity is not one we let in.
  case emailMissing
  case otherEmail
  case emailNotVerified

  package enum Part: String, Hashable, Sendable { case header, payload, signature }

  package enum Claim: String, Hashable, Sendable {
    case issuer = "iss"
    case audience = "aud"
    case subject = "sub"
    case expires = "exp"
    case issuedAt = "iat"
    case notBefore = "nbf"
  }

  /// Parameters that name a key or change how the token must be read: both are the sender's wish, and we do not follow it.
  package enum ForbiddenParameter: String, Hashable, Sendable, CaseIterable {
    case crit, b64, zip, cty, jku, jwk, x5u, x5c, enc
  }

  /// The HTTP status of the answer: 400 for a malformed field, 401 for credentials that prove nothing, 403 for a proven identity
  /// that may not push, 503 where we cannot judge.
  package var status: Int {
    switch self {
    case .severalCredentials, .controlCharacterInField: 400
    case .emailMissing, .otherEmail, .emailNotVerified: 403
    case .keysUnavailable: 503
    default: 401
    }
  }
}
