/// One file of a rule directory, read by the caller.
package struct RuleFile: Hashable, Sendable {
  /// The name within its directory. The generation's name depends on it, and not on where the directory is.
  package let name: String
  package let bytes: [UInt8]
  /// The name diagnostics show.
  package let path: String

  /// - Parameter path: `name` where it is left out.
  package init(name: String, bytes: [UInt8], path: String? = nil) {
    self.name = name
    self.bytes = bytes
    self.path = path ?? name
  }
}
