package import JOSE

/// What becomes of one request.
package enum Decision: Hashable, Sendable {
  case accepted(Identity)
  /// `TokenRefusal.status` is for the sender, its description for the log.
  case refused(TokenRefusal)
  /// Keys that could decide it are on their way: await `Authenticator.resolve`.
  case needsKeys
}
