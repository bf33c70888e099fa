import CRE2

/// A regular expression with the syntax and the meaning it has in Argo Events: RE2, searched unanchored.
///
/// Matching takes time linear in the text, whatever the pattern. The bytes of the text need not be UTF-8: a byte that is part of
/// no character is matched by nothing. One pattern may be searched from several threads at once.
@safe package final class RE2Pattern: Sendable {
  /// The pattern as it was written.
  package let text: String

  /// The automaton a pattern may build, in bytes. It bounds compilation; a search that needs more continues more slowly without
  /// it.
  package static let memoryBytesLimit: Int64 = 1 << 20

  /// The longest pattern accepted, in bytes.
  package static let patternBytesLimit = 16 << 10

  // RE2 objects are immutable to their users and documented as safe for concurrent searches; this class alone frees it.
  nonisolated(unsafe) private let handle: OpaquePointer

  /// Compiles `text`.
  /// - Throws: `.pattern` with RE2's own words for what is wrong.
  package init(_ text: String) throws(RuleError) {
    self.text = text
    guard text.utf8.count <= Self.patternBytesLimit else {
      throw .pattern(text, "it is longer than \(Self.patternBytesLimit) bytes")
    }
    var copy = text
    let created = copy.withUTF8 { bytes in
      unsafe bytes.withMemoryRebound(to: CChar.self) { unsafe cre2_create($0.baseAddress, $0.count, Self.memoryBytesLimit) }
    }
    guard let created = unsafe created else { throw .pattern(text, "out of memory") }
    unsafe handle = created
    if let message = unsafe cre2_error(created) { throw .pattern(text, unsafe String(cString: message)) }
  }

  deinit { unsafe cre2_destroy(handle) }

  /// Says whether some part of `text` matches.
  package func matches(_ text: String) -> Bool {
    if let found = unsafe text.utf8.withContiguousStorageIfAvailable({ unsafe search($0) }) { return found }
    var copy = text
    return copy.withUTF8 { unsafe search($0) }
  }

  /// Says whether some part of `bytes` matches.
  package func matches(_ bytes: [UInt8]) -> Bool { unsafe bytes.withUnsafeBufferPointer { unsafe search($0) } }

  private func search(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    unsafe bytes.withMemoryRebound(to: CChar.self) { unsafe cre2_matches(handle, $0.baseAddress, $0.count) }
  }
}
