import JSON

/// One word of a command line with its `{{…}}` tags found in advance.
///
/// Tags are replaced after the line has been cut into words, so a parameter's text can never become a second word, an option or
/// syntax.
struct ArgumentWord: Hashable, Sendable {
  enum Part: Hashable, Sendable {
    case text(String)
    /// `{{inputs.parameters.NAME}}`
    case input(String)
    /// `{{workflow.parameters.NAME}}`
    case parameter(String)
    /// `{{workflow.namespace}}`
    case namespace
  }

  let parts: [Part]

  /// Finds the tags of `text`.
  /// - Throws: the tag that only a real Workflow can resolve.
  init(_ text: String) throws(NotNative) {
    var parts: [Part] = []
    var rest = text[...]
    while let opening = rest.firstRange(of: "{{") {
      if opening.lowerBound > rest.startIndex { parts.append(.text(String(rest[..<opening.lowerBound]))) }
      let inside = rest[opening.upperBound...]
      guard let closing = inside.firstRange(of: "}}") else { throw NotNative("\(text.quoted(limit: 80)) has {{ without }}") }
      let tag = inside[..<closing.lowerBound]
      guard let part = Self.part(tag.filter { $0 != " " }) else {
        throw NotNative("the tag {{\(String(tag).escaped(limit: 80))}} is not known here")
      }
      parts.append(part)
      rest = inside[closing.upperBound...]
    }
    if !rest.isEmpty { parts.append(.text(String(rest))) }
    self.parts = parts
  }

  private static func part(_ tag: String) -> Part? {
    for (prefix, make) in [("inputs.parameters.", Part.input), ("workflow.parameters.", Part.parameter)]
    where tag.hasPrefix(prefix) {
      let name = String(tag.dropFirst(prefix.count))
      return isParameterName(name) ? make(name) : nil
    }
    return tag == "workflow.namespace" ? .namespace : nil
  }

  private static func isParameterName(_ name: String) -> Bool {
    !name.isEmpty
      && name.utf8.allSatisfy { ($0 | 0x20 >= 97 && $0 | 0x20 <= 122) || (48...57).contains($0) || $0 == 45 || $0 == 95 }
  }

  /// The word when it has no tag.
  var literal: String? {
    switch parts.count {
    case 0: ""
    case 1: if case .text(let text) = parts[0] { text } else { nil }
    default: nil
    }
  }

  /// The word after its first `/`, for `TYPE/NAME` with a literal type; nil when no literal part holds a slash before any tag.
  var splitAtSlash: (type: String, name: ArgumentWord)? {
    guard case .text(let first)? = parts.first, let slash = first.firstIndex(of: "/") else { return nil }
    let tail = String(first[first.index(after: slash)...])
    return (String(first[..<slash]), ArgumentWord(parts: (tail.isEmpty ? [] : [.text(tail)]) + parts.dropFirst()))
  }

  private init(parts: [Part]) { self.parts = parts }
}

/// Why a template cannot run inside this process and needs a real Workflow.
struct NotNative: Error, Hashable {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}
