extension TokenRefusal {
  /// The reason in one word, for the label of a counter: from a fixed list, and nothing of the request in it.
  package var label: String {
    switch self {
    case .noCredentials: "no_credentials"
    case .severalCredentials: "several_credentials"
    case .controlCharacterInField: "control_character_in_field"
    case .otherScheme: "other_scheme"
    case .malformedCredentials: "malformed_credentials"
    case .tooLong: "too_long"
    case .notThreeParts: "not_three_parts"
    case .notBase64URL: "not_base64url"
    case .notJSON: "not_json"
    case .notAnObject: "not_an_object"
    case .algorithmMissing: "algorithm_missing"
    case .algorithmNotAllowed: "algorithm_not_allowed"
    case .keyIDMissing: "key_id_missing"
    case .forbiddenHeaderParameter: "forbidden_header_parameter"
    case .otherType: "other_type"
    case .unknownKey: "unknown_key"
    case .algorithmOfAnotherKey: "algorithm_of_another_key"
    case .wrongSignature: "wrong_signature"
    case .keysUnavailable: "keys_unavailable"
    case .claimMissing: "claim_missing"
    case .claimMalformed: "claim_malformed"
    case .expired: "expired"
    case .notYetValid: "not_yet_valid"
    case .livesTooLong: "lives_too_long"
    case .expiresBeforeIssued: "expires_before_issued"
    case .otherIssuer: "other_issuer"
    case .otherAudience: "other_audience"
    case .emailMissing: "email_missing"
    case .otherEmail: "other_email"
    case .emailNotVerified: "email_not_verified"
    }
  }
}
