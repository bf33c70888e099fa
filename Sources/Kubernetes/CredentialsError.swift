import JSON

/// Why there are no credentials to call the API server with.
package enum CredentialsError: Error, Hashable, Sendable {
  /// A file that the credentials need cannot be read.
  case unreadable(file: String, reason: String)
  /// A file says something we cannot use: which field, what is wrong with it, and what to write instead.
  case field(file: String, field: String, problem: String, fix: String)
  /// We run in no cluster, and no kubeconfig was found.
  case nowhere(tried: [String])
}

extension CredentialsError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unreadable(let file, let reason): "\(file): cannot be read: \(reason); check the path and its permissions"
    case .field(let file, let field, let problem, let fix): "\(file): \(field): \(problem); \(fix)"
    case .nowhere(let tried):
      "no credentials for a Kubernetes API server: tried \(tried.joined(separator: ", ")); run inside a cluster, set KUBECONFIG, "
        + "or name a file in the setting kubernetes.kubeconfig"
    }
  }
}
