package import OpenSSL

/// Why one key of a key set is passed over.
package enum JWKRefusal: Error, Hashable, Sendable, CustomStringConvertible {
  case notAnObject
  /// It carries private members (`d`, `k` and the like).
  case holdsSecret
  case noKeyID
  /// `use` or `key_ops` is for something else than verifying.
  case otherUse
  /// `kty` and `crv` that we do not know.
  case otherKind
  /// `alg` is not the one that we use with this kind of key.
  case otherAlgorithm
  /// Members that are missing, or not base64url.
  case malformed
  case unfit(KeyError)

  package var description: String {
    switch self {
    case .notAnObject: "is not a JSON object"
    case .holdsSecret: "was published with its private members; its owner must replace it"
    case .noKeyID: "has no key ID (kid)"
    case .otherUse: "is not for verifying signatures"
    case .otherKind: "is neither RSA nor EC on P-256"
    case .otherAlgorithm: "is for another algorithm than RS256 or ES256"
    case .malformed: "lacks its numbers, or they are not base64url"
    case .unfit(let error): "is unfit: \(error)"
    }
  }

  /// Whether someone should look into it. Keys for other uses stand in key sets by right (RFC 7517 section 5).
  package var isWorthAWarning: Bool {
    switch self {
    case .otherUse, .otherKind, .otherAlgorithm: false
    case .notAnObject, .holdsSecret, .noKeyID, .malformed, .unfit: true
    }
  }
}
