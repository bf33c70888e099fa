import Clocks
import JOSE

/// A token that was verified: whose it is, and at what times it is accepted.
struct VerifiedToken: Hashable, Sendable {
  let identity: Identity
  /// Seconds since 1970. Both ends count: after the clock jumped back, a token issued in the future is refused again.
  private let start: Int64
  private let end: Int64

  /// - Parameter claims: checked, with dates that lie within 2^53.
  init(_ claims: JWTClaims, leeway: Duration) {
    identity = Identity(claims)
    let leeway = Double(leeway.components.seconds)
    let earliest = max(claims.issuedAt, claims.notBefore ?? claims.issuedAt)
    start = Int64((earliest - leeway).rounded(.up))
    end = Int64((claims.expires + leeway).rounded(.up))
  }

  func isAccepted(at seconds: Int64) -> Bool { start <= seconds && seconds < end }

  /// Whether no later time will accept it.
  func isOver(at seconds: Int64) -> Bool { end <= seconds }
}
