/// What a token must say to be accepted. Every list is an allow-list, and none may be empty.
package struct TokenPolicy: Hashable, Sendable {
  package let algorithms: Set<SignatureAlgorithm>
  /// `iss`, compared byte by byte; any of them.
  package let issuers: [String]
  /// `aud`, compared byte by byte; any of them, and a token for several at once is refused.
  package let audiences: [String]
  /// `email`, compared byte by byte; any of them.
  package let emails: [String]
  /// Whether `email` must be one of `emails`. False only where a configuration says so by name: then any account of the issuer may
  /// come, as the audience is no secret.
  package let requiresEmail: Bool
  /// Whether `email_verified` must be true. Tokens of Identity-Aware Proxy do not have it.
  package let requiresVerifiedEmail: Bool
  /// How far clocks may differ.
  package let leeway: Duration
  /// The longest life, from `iat` to `exp`.
  package let lifeLimit: Duration
  package let tokenBytesLimit: Int

  /// - Throws: where a list is empty, which must never come to mean "anyone" (leeway over 5 minutes and an absurd life alike).
  package init(
    algorithms: Set<SignatureAlgorithm> = [.rs256], issuers: [String], audiences: [String], emails: [String],
    requiresEmail: Bool = true, requiresVerifiedEmail: Bool = true, leeway: Duration = .seconds(60),
    lifeLimit: Duration = .seconds(86_400),
    tokenBytesLimit: Int = 16_384
  ) throws(TokenPolicyError) {
    guard !algorithms.isEmpty else { throw .empty("algorithms") }
    for (name, list) in [("issuers", issuers), ("audiences", audiences)] + (requiresEmail ? [("emails", emails)] : [])
    where list.isEmpty || list.contains("") { throw .empty(name) }
    guard (.zero ... .seconds(300)).contains(leeway) else { throw .leeway }
    guard (.seconds(1) ... .seconds(30 * 86_400)).contains(lifeLimit) else { throw .lifeLimit }
    self.algorithms = algorithms
    self.issuers = issuers
    self.audiences = audiences
    self.emails = emails
    self.requiresEmail = requiresEmail
    self.requiresVerifiedEmail = requiresVerifiedEmail
    self.leeway = leeway
    self.lifeLimit = lifeLimit
    self.tokenBytesLimit = tokenBytesLimit
  }

  /// Accepts `token` and says whose it is, or throws why not. The signature is checked before any claim is looked at.
  /// - Parameter now: seconds since 1970.
  package func accept(_ token: ArraySlice<UInt8>, keys: JWKSet, now: Int64) throws(TokenRefusal) -> JWTClaims {
    let token = try JWS(compact: token, algorithms: algorithms, bytesLimit: tokenBytesLimit)
    let claims = try JWTClaims(payload: try token.payload(verifiedBy: keys))
    try claims.check(self, now: now)
    return claims
  }
}
