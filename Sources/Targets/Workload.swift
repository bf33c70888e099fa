/// An object of the cluster whose pods can be replaced by a rollout.
package struct Workload: Hashable, Sendable, CustomStringConvertible {
  /// `Deployment`; no other kind for now.
  package let kind: String
  package let namespace: String
  package let name: String

  package init(kind: String = "Deployment", namespace: String, name: String) {
    self.kind = kind
    self.namespace = namespace
    self.name = name
  }

  package var description: String { "\(kind) \(namespace)/\(name)" }
}
