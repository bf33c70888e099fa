package import JSON

/// Why a key set document is not used at all. The last good one stays.
package enum JWKSetError: Error, Hashable, Sendable, CustomStringConvertible {
  case tooLarge(bytes: Int, limit: Int)
  case notJSON(JSONError)
  case noKeysMember
  case tooManyKeys(count: Int, limit: Int)
  /// Two usable keys of one ID: which of them signs is anybody's guess.
  case duplicateKeyID(position: Int)
  /// No key that we could verify with; why each was passed over.
  case noUsableKey([JWKRefusal])

  package var description: String {
    let problem =
      switch self {
      case .tooLarge(let bytes, let limit): "\(bytes) bytes; the limit is \(limit)"
      case .notJSON(let error): "\(error)"
      case .noKeysMember: "not an object with an array named keys"
      case .tooManyKeys(let count, let limit): "\(count) keys; the limit is \(limit)"
      case .duplicateKeyID(let position): "key \(position), counted from 0, has the same ID as one before it"
      case .noUsableKey(let reasons): reasons.first.map { "no usable key: the first one \($0)" } ?? "no keys"
      }
    return "key set: \(problem); see that its address is the one of a JWK set (RFC 7517)"
  }
}
