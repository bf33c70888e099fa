/// Takes a gjson path apart.
struct JSONPathCompiler {
  private static let modifiers: Set<String> = [
    "pretty", "ugly", "reverse", "this", "flatten", "join", "valid", "keys", "values", "tostr", "fromstr", "group", "dig",
  ]
  private static let nestingLimit = 8

  private let text: String
  private let nesting: Int
  private let bytes: [UInt8]
  private var position = 0

  init(_ text: String, nesting: Int) {
    self.text = text
    self.nesting = nesting
    bytes = Array(text.utf8)
  }

  mutating func stages() throws(JSONPathError) -> [[JSONPath.Step]] {
    if text.hasPrefix("..") { throw .unsupported(feature: "the JSON lines prefix \"..\"", path: text) }
    var stages: [[JSONPath.Step]] = [[]]
    while true {
      stages[stages.count - 1].append(try step())
      guard let mark = next() else { return stages }
      if mark == UInt8(ascii: "|") { stages.append([]) }
    }
  }

  private func peek(_ distance: Int = 0) -> UInt8? {
    bytes.indices.contains(position + distance) ? bytes[position + distance] : nil
  }

  private mutating func next() -> UInt8? {
    guard let byte = peek() else { return nil }
    position += 1
    return byte
  }

  /// Reads up to the next dot or pipe, which stays unread.
  private mutating func step() throws(JSONPathError) -> JSONPath.Step {
    try refuseWhatIsNotAName()
    if peek() == UInt8(ascii: "#") {
      if isEnd(peek(1)) {
        position += 1
        return .each
      }
      if peek(1) == UInt8(ascii: "(") || peek(1) == UInt8(ascii: "[") { return .query(try query()) }
    }
    var name: [UInt8] = []
    var pattern: [UInt8] = []
    var isPattern = false
    while let byte = peek(), !isEnd(byte) {
      position += 1
      pattern.append(byte)
      if byte == UInt8(ascii: "\\") {
        guard let escaped = next() else { throw .malformed(reason: "ends in a backslash", path: text) }
        name.append(escaped)
        pattern.append(escaped)
      } else {
        isPattern = isPattern || byte == UInt8(ascii: "*") || byte == UInt8(ascii: "?")
        name.append(byte)
      }
    }
    if isPattern { return .wildcard(Wildcard(String(decoding: pattern, as: UTF8.self))) }
    return .name(String(decoding: name, as: UTF8.self))
  }

  private func isEnd(_ byte: UInt8?) -> Bool { byte == nil || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "|") }

  private func refuseWhatIsNotAName() throws(JSONPathError) {
    // A lone mark is a name like any other.
    guard bytes.count > 1 else { return }
    switch peek() {
    case UInt8(ascii: "["), UInt8(ascii: "{"): throw .unsupported(feature: "a multipath ([…] or {…})", path: text)
    case UInt8(ascii: "!"): throw .unsupported(feature: "a literal (!…)", path: text)
    case UInt8(ascii: "@"):
      let name = String(
        decoding: bytes[(position + 1)...].prefix { !isEnd($0) && $0 != UInt8(ascii: ":") }, as: UTF8.self)
      // `@type` and other names that only look like modifiers are names.
      if Self.modifiers.contains(name) { throw .unsupported(feature: "the modifier @\(name)", path: text) }
    default: break
    }
  }

  /// Reads `#(…)` or `#(…)#`, brackets in the place of parentheses allowed.
  private mutating func query() throws(JSONPathError) -> JSONQuery {
    guard nesting < Self.nestingLimit else { throw .malformed(reason: "has queries nested too deeply", path: text) }
    position += 2
    let start = position
    var depth = 1
    var operation: Int?
    while let byte = next() {
      switch byte {
      case UInt8(ascii: "!"), UInt8(ascii: "="), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "%"):
        if depth == 1, operation == nil { operation = position - 1 }
      case UInt8(ascii: "\\"): position += 1
      case UInt8(ascii: "("), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: ")"), UInt8(ascii: "]"):
        depth -= 1
        guard depth == 0 else { continue }
        let end = position - 1
        let isAll = peek() == UInt8(ascii: "#")
        if isAll { position += 1 }
        guard isEnd(peek()) else { throw .malformed(reason: "goes on after a query without a dot or a pipe", path: text) }
        return try JSONQuery(
          path: part(start..<(operation ?? end)), test: operation.map { part($0..<end) }, isAll: isAll, whole: text,
          nesting: nesting + 1)
      case UInt8(ascii: "\""): skipString()
      default: break
      }
    }
    throw .malformed(reason: "has a query without an end", path: text)
  }

  private mutating func skipString() {
    while let byte = next(), byte != UInt8(ascii: "\"") {
      if byte == UInt8(ascii: "\\") { position += 1 }
    }
  }

  private func part(_ range: Range<Int>) -> String {
    let isSpace = { (byte: UInt8) in byte <= 0x20 }
    let trimmed = bytes[range].drop(while: isSpace)
    return String(
      decoding: trimmed[..<((trimmed.lastIndex { !isSpace($0) }).map { $0 + 1 } ?? trimmed.startIndex)], as: UTF8.self)
  }
}
