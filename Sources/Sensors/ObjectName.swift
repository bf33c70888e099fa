/// The names Kubernetes allows its objects to have.
enum ObjectName {
  /// Says why `name` cannot name an object; nil when it can.
  ///
  /// A DNS subdomain (RFC 1123): at most 253 characters, labels of `a-z`, `0-9` and `-` that begin and end with a letter or
  /// digit, joined by dots.
  static func problem(_ name: String) -> String? {
    if name.isEmpty { return "it is empty" }
    if name.utf8.count > 253 { return "it is longer than 253 characters" }
    for label in name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
      guard let first = label.first, let last = label.last, isAlphanumeric(first), isAlphanumeric(last),
        label.allSatisfy({ isAlphanumeric($0) || $0 == UInt8(ascii: "-") })
      else {
        return
          "it is not a DNS-1123 subdomain: lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit"
      }
    }
    return nil
  }

  /// Says why `name` cannot be a namespace; nil when it can. A namespace is one label of at most 63 characters.
  static func namespaceProblem(_ name: String) -> String? {
    if let problem = problem(name) { return problem }
    return name.utf8.count > 63 || name.utf8.contains(UInt8(ascii: "."))
      ? "it is not a DNS-1123 label of at most 63 characters" : nil
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
