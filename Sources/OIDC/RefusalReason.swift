package import JOSE

/// Why tokens are refused, in one word, for log lines and for the label of a counter: few enough to be made in advance, so that no request can add a series.
package enum RefusalReason: String, CaseIterable, Sendable {
  case credentials, form, algorithm, header, signature, expired, life, issuer, audience, identity, claims
  case unknownKey = "unknown_key"
  case keysUnavailable = "keys_unavailable"
  /// Issued in the future: one of the two clocks is wrong.
  case clockSkew = "clock_skew"

  package init(_ refusal: TokenRefusal) {
    self =
      switch refusal {
      case .noCredentials, .severalCredentials, .controlCharacterInField, .otherScheme, .malformedCredentials: .credentials
      case .tooLong, .notThreeParts, .notBase64URL, .notJSON, .notAnObject: .form
      case .algorithmMissing, .algorithmNotAllowed, .algorithmOfAnotherKey: .algorithm
      case .keyIDMissing, .forbiddenHeaderParameter, .otherType: .header
      case .unknownKey: .unknownKey
      case .wrongSignature: .signature
      case .keysUnavailable: .keysUnavailable
      case .claimMissing, .claimMalformed: .claims
      case .expired: .expired
      case .notYetValid: .clockSkew
      case .livesTooLong, .expiresBeforeIssued: .life
      case .otherIssuer: .issuer
      case .otherAudience: .audience
      case .emailMissing, .otherEmail, .emailNotVerified: .identity
      }
  }
}
