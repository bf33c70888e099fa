extension TokenRefusal: CustomStringConvertible {
  package var description: String {
    switch self {
    case .noCredentials: "no Authorization field; configure the push subscription to send an OIDC token"
    case .severalCredentials(let count): "\(count) Authorization fields where one is allowed; look for a proxy that adds its own"
    case .controlCharacterInField: "Authorization field contains control characters"
    case .otherScheme: "Authorization field uses another scheme than Bearer"
    case .malformedCredentials: "Authorization field is not `Bearer` and one token"
    case .tooLong(let bytes, let limit): "token of \(bytes) bytes; the limit is \(limit)"
    case .notThreeParts(let count): "token has \(count) parts where a signed one has 3"
    case .notBase64URL(let part): "token's \(part.rawValue) is not base64url without padding (RFC 7515 section 2)"
    case .notJSON(let part): "token's \(part.rawValue) is not strict JSON (RFC 8259, no name twice)"
    case .notAnObject(let part): "token's \(part.rawValue) is not a JSON object"
    case .algorithmMissing: "token's header names no algorithm"
    case .algorithmNotAllowed: "token's algorithm is not allowed here"
    case .keyIDMissing: "token's header has no key ID (kid), or an empty one"
    case .forbiddenHeaderParameter(let parameter):
      "token's header has the parameter \(parameter.rawValue), which is not followed here"
    case .otherType: "token's header says that it is no JWT (typ)"
    case .unknownKey:
      "token's key ID is not in the key set; if its issuer has just changed keys, the next refresh brings them"
    case .algorithmOfAnotherKey(let expected): "token's algorithm is not the one of its key, \(expected.rawValue)"
    case .wrongSignature: "token's signature is wrong; where Cloud Run checks tokens itself, it removes the signature"
    case .keysUnavailable: "no key set to judge tokens with; see whether the issuer's keys can be fetched from here"
    case .claimMissing(let claim): "token has no claim \(claim.rawValue)"
    case .claimMalformed(let claim): "token's claim \(claim.rawValue) is not of the kind that RFC 7519 wants"
    case .expired(let seconds): "token expired \(seconds) s ago; if the sender is right, check the clock here"
    case .notYetValid(let claim, let seconds):
      "token's \(claim.rawValue) lies \(seconds) s in the future; check the clock here"
    case .livesTooLong(let seconds, let limit): "token lives for \(seconds) s; the limit is \(limit) s"
    case .expiresBeforeIssued: "token expires before it was issued"
    case .otherIssuer: "token is from another issuer than the configured one"
    case .otherAudience:
      "token is for another audience; compare the subscription's push-auth-token-audience with the configured one"
    case .emailMissing: "token has no email claim; use a service account's OIDC token"
    case .otherEmail: "token is of another account than the configured one"
    case .emailNotVerified: "token's email is not verified (email_verified must be true)"
    }
  }
}
