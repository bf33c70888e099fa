/// The bounds of what a parser accepts. They keep a hostile text from costing more than it is worth.
package struct JSONLimits: Hashable, Sendable {
  /// The most bytes of a text.
  package var bytes: Int
  /// The most arrays and objects around a value. It also bounds the recursion of everything that walks the value later.
  package var depth: Int

  /// - Parameter depth: at most 512, so that no limit lets the recursion overflow a thread's stack.
  package init(bytes: Int = 16 << 20, depth: Int = 128) {
    self.bytes = bytes
    self.depth = min(depth, 512)
  }

  /// 16 MiB and 128 levels.
  package static let `default` = JSONLimits()
}
