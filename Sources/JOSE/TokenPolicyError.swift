/// Why a policy cannot be meant.
package enum TokenPolicyError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The named list is empty, or has an empty entry.
  case empty(String)
  case leeway
  case lifeLimit

  package var description: String {
    switch self {
    case .empty(let name): "token policy: \(name) is empty or has an empty entry; name those that are let in"
    case .leeway: "token policy: leeway is not between 0 s and 300 s"
    case .lifeLimit: "token policy: life limit is not between 1 s and 30 days"
    }
  }
}
