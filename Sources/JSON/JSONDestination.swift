/// Where a write goes, in sjson's language: names and indices separated by dots, `-1` behind the last element, `:0` for a member
/// that is named like an index, and a backslash that takes the next character as itself.
///
/// Wildcards, queries, pipes and modifiers are refused.
package struct JSONDestination: Hashable, Sendable {
  struct Part: Hashable, Sendable {
    let name: String
    /// Written with a colon: a member's name even where it looks like an index.
    let isForced: Bool

    var index: Int? { isForced || name.isEmpty || !name.utf8.allSatisfy { (0x30...0x39).contains($0) } ? nil : Int(name) }
    var isAppend: Bool { !isForced && name == "-1" }
  }

  /// The path as it was written.
  package let text: String
  let parts: [Part]

  package init(_ text: String) throws(JSONPathError) {
    guard !text.isEmpty else { throw .malformed(reason: "is empty", path: text) }
    if text.hasPrefix("@") { throw .unsupported(feature: "a modifier in a destination", path: text) }
    self.text = text
    var parts: [Part] = []
    var name = ""
    var isForced = false
    var isStart = true
    var isEscaped = false
    for character in text.unicodeScalars {
      switch character {
      case _ where isEscaped:
        name.unicodeScalars.append(character)
        isEscaped = false
      case "\\": isEscaped = true
      case ".":
        parts.append(Part(name: name, isForced: isForced))
        (name, isForced, isStart) = ("", false, true)
        continue
      case ":" where isStart: isForced = true
      case "*", "?": throw .unsupported(feature: "a wildcard in a destination", path: text)
      case "#": throw .unsupported(feature: "a query in a destination", path: text)
      case "|": throw .unsupported(feature: "a pipe in a destination", path: text)
      default: name.unicodeScalars.append(character)
      }
      isStart = false
    }
    guard !isEscaped else { throw .malformed(reason: "ends in a backslash", path: text) }
    parts.append(Part(name: name, isForced: isForced))
    guard parts.count <= Self.partsLimit else { throw .malformed(reason: "has more than \(Self.partsLimit) parts", path: text) }
    self.parts = parts
  }

  private static let partsLimit = 64
  /// The most elements that a write may bring an array to.
  static let elementsLimit = 10_000
}

extension JSONDestination: CustomStringConvertible {
  package var description: String { text }
}
