/// One file of a rule directory, read by the caller.
package struct RuleFile: Hashable, Sendable {
  /// The name diagnostics show.
  package let name: String
  package let bytes: [UInt8]

  package init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }
}
