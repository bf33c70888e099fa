package import OpenSSL

/// The `alg` values we know, RFC 7518 section 3.1. There is no `none`, no HS256: the set is the allow-list's outer bound.
package enum SignatureAlgorithm: String, Hashable, Sendable, CaseIterable {
  /// RSASSA-PKCS1-v1_5 with SHA-256: what Google signs with.
  case rs256 = "RS256"
  /// ECDSA on P-256 with SHA-256: what Identity-Aware Proxy signs with.
  case es256 = "ES256"

  /// The one algorithm a kind of key is used with.
  package init(for kind: VerificationKey.Kind) {
    self =
      switch kind {
      case .rsa: .rs256
      case .p256: .es256
      }
  }
}
