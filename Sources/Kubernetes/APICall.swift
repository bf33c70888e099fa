import JSON

/// What was asked of the API server: the part of an error that says where.
package struct APICall: Hashable, Sendable, CustomStringConvertible {
  /// The verb as RBAC knows it.
  package enum Verb: String, Sendable {
    case get, patch
  }

  package let verb: Verb
  package let resource: Resource
  /// Nil for resources that have none.
  package let namespace: String?
  package let name: String

  package init(_ verb: Verb, _ resource: Resource, namespace: String?, name: String) {
    self.verb = verb
    self.resource = resource
    self.namespace = namespace
    self.name = name
  }

  /// `patch deployments.apps default/web`. Names are shown as they came, cut at a limit.
  package var description: String {
    let path = (namespace.map { "\($0)/" } ?? "") + name
    return "\(verb) \(resource.qualifiedName) \(path.isEmpty ? "\"\"" : Self.shown(path))"
  }

  private static func shown(_ path: String) -> String {
    let isPlain = path.utf8.count <= 320 && path.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    return isPlain ? path : path.quoted(limit: 320)
  }
}
