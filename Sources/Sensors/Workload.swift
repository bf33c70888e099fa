/// A workload that the mapping names for an image.
package struct Workload: Hashable, Sendable {
  /// `Deployment`, `StatefulSet` or `DaemonSet`.
  package let kind: String
  package let namespace: String
  package let name: String

  package init(kind: String, namespace: String, name: String) {
    self.kind = kind
    self.namespace = namespace
    self.name = name
  }
}
