/// The bounds of what `YAMLStream` accepts.
package struct YAMLLimits: Hashable, Sendable {
  /// The most bytes of a stream. etcd takes no object larger than 1.5 MiB, so nothing from a cluster needs more.
  package var bytes: Int
  /// The most sequences and mappings around a node, aliases followed.
  package var depth: Int
  /// The most nodes that all the aliases of a stream may stand for together: ten short lines can otherwise stand for billions.
  package var aliasedNodes: Int

  /// - Parameter depth: at most 256, so that no limit lets the recursion overflow a thread's stack.
  package init(bytes: Int = 1 << 20, depth: Int = 64, aliasedNodes: Int = 10_000) {
    self.bytes = bytes
    self.depth = min(depth, 256)
    self.aliasedNodes = aliasedNodes
  }

  /// 1 MiB, 64 levels and 10,000 nodes by alias.
  package static let `default` = YAMLLimits()
}
