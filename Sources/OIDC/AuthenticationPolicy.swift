package import JOSE

/// What the tokens of one source must say: who issued them, for whom, and to which account.
///
/// Each list is an allow-list that is compared byte by byte. An empty one is refused, for it must never come to mean "anyone".
package struct AuthenticationPolicy: Hashable, Sendable {
  package static let googleIssuer = "https://accounts.google.com"

  /// The policy as the verifier has it, with both forms of Google's issuer.
  package let tokens: TokenPolicy

  /// - Parameters:
  ///   - issuers: `iss`. Where it has `https://accounts.google.com`, tokens may say `accounts.google.com` too: Google has issued both.
  ///   - audiences: `aud`.
  ///   - emails: `email`. Any customer of Google can have a token issued for our audience; the account is what tells them apart.
  ///   - requiresEmail: whether `email` must be one of them.
  ///   - requiresVerifiedEmail: whether `email_verified` must be true. Tokens of Identity-Aware Proxy do not have it.
  ///   - leeway: how far clocks may differ, 0 to 300 s, in whole seconds.
  ///   - algorithms: the allow-list for `alg`.
  package init(
    issuers: [String] = [googleIssuer], audiences: [String], emails: [String], requiresEmail: Bool = true,
    requiresVerifiedEmail: Bool = true, leeway: Duration = .seconds(60), algorithms: Set<SignatureAlgorithm> = [.rs256]
  ) throws(OIDCError) {
    let bare = "accounts.google.com"
    let accepted = issuers.contains(Self.googleIssuer) && !issuers.contains(bare) ? issuers + [bare] : issuers
    do {
      tokens = try TokenPolicy(
        algorithms: algorithms, issuers: accepted, audiences: audiences, emails: emails,
        requiresEmail: requiresEmail, requiresVerifiedEmail: requiresVerifiedEmail, leeway: leeway)
    } catch { throw .policy(error) }
  }
}
