extension JSONValue {
  /// The value as UTF-8 JSON: numbers as they were written, members in their order, everything above U+001F as itself.
  /// - Parameter pretty: one member or element a line, indented by two spaces.
  package func serialized(pretty: Bool = false) -> [UInt8] {
    var writer = JSONWriter(isPretty: pretty)
    writer.write(self)
    return writer.bytes
  }
}

extension JSONValue: CustomStringConvertible {
  /// The value as compact JSON.
  package var description: String { text() }

  /// `serialized` as text.
  package func text(pretty: Bool = false) -> String { String(decoding: serialized(pretty: pretty), as: UTF8.self) }
}

private struct JSONWriter {
  let isPretty: Bool
  var bytes: [UInt8] = []
  private var depth = 0

  init(isPretty: Bool) { self.isPretty = isPretty }

  mutating func write(_ value: JSONValue) {
    switch value {
    case .null: bytes += "null".utf8
    case .bool(let value): bytes += (value ? "true" : "false").utf8
    case .number(let number): bytes += number.text.utf8
    case .string(let text): write(text)
    case .array(let elements):
      write(elements, from: "[", to: "]") { writer, element in writer.write(element) }
    case .object(let object):
      write(object, from: "{", to: "}") { writer, member in
        writer.write(member.name)
        writer.bytes += (writer.isPretty ? ": " : ":").utf8
        writer.write(member.value)
      }
    }
  }

  private mutating func write<Items: Sequence>(
    _ items: Items, from start: Unicode.Scalar, to end: Unicode.Scalar, each: (inout JSONWriter, Items.Element) -> Void
  ) {
    bytes.append(UInt8(ascii: start))
    depth += 1
    var isFirst = true
    for item in items {
      if !isFirst { bytes.append(UInt8(ascii: ",")) }
      isFirst = false
      startLine()
      each(&self, item)
    }
    depth -= 1
    if !isFirst { startLine() }
    bytes.append(UInt8(ascii: end))
  }

  private mutating func startLine() {
    guard isPretty else { return }
    bytes.append(0x0A)
    bytes.append(contentsOf: repeatElement(0x20, count: depth * 2))
  }

  private mutating func write(_ text: String) { bytes.appendJSON(text) }
}

extension [UInt8] {
  /// Appends `text` as a JSON string, RFC 8259 section 7: quoted, with quotation marks, backslashes and control characters escaped.
  package mutating func appendJSON(_ text: String) {
    append(UInt8(ascii: "\""))
    if text.utf8.needsNoEscape { self += text.utf8 } else { appendEscaped(text) }
    append(UInt8(ascii: "\""))
  }

  private mutating func appendEscaped(_ text: String) {
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): self += "\\\"".utf8
      case UInt8(ascii: "\\"): self += "\\\\".utf8
      case 0x0A: self += "\\n".utf8
      case 0x0D: self += "\\r".utf8
      case 0x09: self += "\\t".utf8
      case 0..<0x20: self += ((byte < 0x10 ? "\\u000" : "\\u00") + String(byte, radix: 16)).utf8
      default: append(byte)
      }
    }
  }
}

extension String.UTF8View {
  /// Whether the bytes can stand in a JSON string as they are.
  fileprivate var needsNoEscape: Bool {
    let span = self.span
    var index = 0
    while index &+ 8 <= span.count {
      guard JSONReader.plainCount(span, at: index) == 8 else { return false }
      index &+= 8
    }
    while index < span.count {
      let byte = span[index]
      if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return false }
      index &+= 1
    }
    return true
  }
}
