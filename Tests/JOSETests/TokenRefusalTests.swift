import JOSE
import Testing

@Suite struct TokenRefusalTests {
  @Test(
    arguments: [
      (.noCredentials, 401, "no_credentials"), (.severalCredentials(count: 2), 400, "several_credentials"),
      (.notBase64URL(part: .payload), 401, "not_base64url"), (.wrongSignature, 401, "wrong_signature"),
      (.unknownKey, 401, "unknown_key"), (.otherAudience, 401, "other_audience"), (.otherEmail, 403, "other_email"),
      (.emailMissing, 403, "email_missing"), (.emailNotVerified, 403, "email_not_verified"),
      (.keysUnavailable, 503, "keys_unavailable"),
    ] as [(TokenRefusal, Int, String)]) func hasAStatusAndALabel(refusal: TokenRefusal, status: Int, label: String)
  {
    #expect(refusal.status == status)
    #expect(refusal.label == label)
  }
}
