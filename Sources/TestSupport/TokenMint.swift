package import Clocks
package import JOSE
package import JSON
package import OpenSSL

/// Mints the tokens that Pub/Sub would send, with a key of its own, and the key set to check them with.
package struct TokenMint: Sendable {
  package let keyID: String
  package let key: SigningKey
  /// The key set document, as an issuer serves it.
  package let keySetDocument: [UInt8]

  package let issuer: String
  package let audience: String
  package let email: String

  /// - Parameter kind: RSA mints RS256, P-256 mints ES256.
  package init(
    _ kind: VerificationKey.Kind = .rsa, keyID: String = "key-1", issuer: String = "https://accounts.google.com",
    audience: String = "https://hooks.example.com/push/gar", email: String = "push@acme.iam.gserviceaccount.com"
  ) throws(KeyError) {
    self.keyID = keyID
    self.issuer = issuer
    self.audience = audience
    self.email = email
    key = kind == .rsa ? try .generateRSA() : try .generateP256()
    keySetDocument = try JWKSet.document(for: key.verificationKey, keyID: keyID).serialized()
  }

  /// The key set as it is read back.
  package func keySet() throws(JWKSetError) -> JWKSet { try JWKSet(parsing: keySetDocument) }

  /// The policy that this mint's tokens meet.
  package func policy() throws(TokenPolicyError) -> TokenPolicy {
    try TokenPolicy(
      algorithms: [SignatureAlgorithm(for: key.kind)], issuers: [issuer], audiences: [audience], emails: [email])
  }

  /// The claims of a token that was issued at `issuedAt`, in seconds since 1970, and lives for an hour, as Google's do.
  package func claims(issuedAt: Int64) -> JSONObject {
    [
      "aud": .string(audience), "azp": "113774264463038321964", "email": .string(email), "email_verified": true,
      "exp": .number(JSONNumber(issuedAt + 3600)), "iat": .number(JSONNumber(issuedAt)), "iss": .string(issuer),
      "sub": "113774264463038321964",
    ]
  }

  /// A token issued at `issuedAt`, in seconds since 1970.
  /// - Parameter change: makes the claims wrong, where a test wants them so.
  package func token(issuedAt: Int64, change: (inout JSONObject) -> Void = { _ in }) throws(KeyError) -> [UInt8] {
    var claims = claims(issuedAt: issuedAt)
    change(&claims)
    return try JWS.signed(JSONValue.object(claims).serialized(), by: key, keyID: keyID)
  }

  /// A token issued at `now`.
  package func token(now: Timestamp, change: (inout JSONObject) -> Void = { _ in }) throws(KeyError) -> [UInt8] {
    try token(issuedAt: now.seconds, change: change)
  }
}
