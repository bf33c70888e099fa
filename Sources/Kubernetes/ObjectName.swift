/// The names that Kubernetes gives to objects. Everything that goes into a path is checked here first, so that no name from an
/// event or a file can address anything but an object of its own kind.
package enum ObjectName {
  /// RFC 1123 label: at most 63 of `a-z`, `0-9`, `-`, a letter or digit at both ends. Namespaces have these.
  package static func isLabel(_ text: String) -> Bool { text.utf8.count <= 63 && isPart(Array(text.utf8)[...]) }

  /// RFC 1123 subdomain: parts like labels with dots between them, at most 253 characters in all. Most objects have these.
  package static func isSubdomain(_ text: String) -> Bool {
    text.utf8.count <= 253
      && Array(text.utf8).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy(isPart)
  }

  private static func isPart(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard let first = bytes.first, let last = bytes.last else { return false }
    return isAlphanumeric(first) && isAlphanumeric(last) && bytes.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
