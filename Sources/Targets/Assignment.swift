import YAML

/// One line `NAME=VALUE`.
struct Assignment: Hashable {
  let name: String
  let value: String
  let position: YAMLPosition

  /// The lines of a text that has nothing but assignments, comments (`#`) and empty lines; nil for any other text.
  ///
  /// No YAML or JSON that means a mapping is read as such a text: there, white space, a quotation mark or a bracket stands before
  /// the first `=` of some line, or a line has none.
  static func parse(_ bytes: [UInt8]) -> [Assignment]? {
    var assignments: [Assignment] = []
    for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      let text = trimmed(line)
      if text.isEmpty || text.first == UInt8(ascii: "#") { continue }
      guard let mark = text.firstIndex(of: UInt8(ascii: "=")), mark > text.startIndex else { return nil }
      let name = trimmed(text[..<mark])
      guard name.allSatisfy(isNameByte) else { return nil }
      assignments.append(
        Assignment(
          name: String(decoding: name, as: UTF8.self), value: String(decoding: trimmed(text[(mark + 1)...]), as: UTF8.self),
          position: YAMLPosition(line: index + 1, column: 1)))
    }
    return assignments.isEmpty ? nil : assignments
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    byte > 0x20 && !"\"'{}[],".utf8.contains(byte)
  }

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
    var bytes = bytes.drop(while: isSpace)
    while let last = bytes.last, isSpace(last) { bytes.removeLast() }
    return bytes
  }
}
