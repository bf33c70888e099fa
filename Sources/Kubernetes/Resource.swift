/// One kind of object as the API addresses it.
package struct Resource: Hashable, Sendable {
  /// The API group; empty for the core group.
  package let group: String
  package let version: String
  /// The plural in lower case, as it stands in paths: `deployments`.
  package let plural: String
  package let isNamespaced: Bool

  package init(group: String, version: String, plural: String, isNamespaced: Bool = true) {
    self.group = group
    self.version = version
    self.plural = plural
    self.isNamespaced = isNamespaced
  }

  package static let deployments = Resource(group: "apps", version: "v1", plural: "deployments")

  /// The name as kubectl writes it: `deployments.apps`.
  package var qualifiedName: String { group.isEmpty ? plural : "\(plural).\(group)" }

  /// The path of one object. The caller has checked both names.
  func path(namespace: String?, name: String) -> String {
    let root = group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)"
    return root + (namespace.map { "/namespaces/\($0)" } ?? "") + "/\(plural)/\(name)"
  }
}
