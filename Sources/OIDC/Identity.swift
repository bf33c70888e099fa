package import Clocks
import JOSE

/// Whose request it is: what an accepted token proved.
package struct Identity: Hashable, Sendable {
  package let email: String
  package let subject: String
  package let audience: String
  /// The token's `exp`, without the leeway.
  package let expires: Timestamp

  package init(email: String, subject: String, audience: String, expires: Timestamp) {
    self.email = email
    self.subject = subject
    self.audience = audience
    self.expires = expires
  }

  init(_ claims: JWTClaims) {
    // Accepted claims always have an email, and dates that `JWTClaims` keeps within 2^53.
    self.init(
      email: claims.email ?? "", subject: claims.subject, audience: claims.audience,
      expires: Timestamp(seconds: Int64(claims.expires)))
  }
}
