/// In which namespaces workloads may be touched: the setting `kubernetes.namespaces`.
///
/// Whoever can write a rule or a mapping would else borrow all the rights of this server.
package enum NamespacePolicy: Hashable, Sendable {
  case all
  case only(Set<String>)

  /// - Parameter list: names of namespaces, or `*` among them for all. An empty list allows none.
  package init(_ list: [String]) { self = list.contains("*") ? .all : .only(Set(list)) }

  package func allows(_ namespace: String) -> Bool {
    switch self {
    case .all: true
    case .only(let names): names.contains(namespace)
    }
  }
}
