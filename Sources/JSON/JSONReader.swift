/// Reads JSON (RFC 8259) step by step and allocates nothing: the caller walks the objects it knows and skips the rest.
///
/// The grammar, UTF-8, escapes, depth and size are checked as strictly as for a whole `JSONValue`, in skipped values too. Only
/// member names that occur twice are the caller's to refuse.
///
/// After `beginObject` the caller alternates `nextMember` with one read or skip of the member's value, until `nextMember` returns
/// nil; `beginArray` and `nextElement` alike. `finish` ends the text. After an error the reader is of no more use.
package struct JSONReader: Sendable {
  let bytes: ArraySlice<UInt8>
  private let depthLimit: Int
  private var depth = 0
  private var isFirst = false
  /// The next byte to read, counted from the start of the input.
  package internal(set) var position = 0

  /// Checks size and UTF-8; reads nothing yet.
  package init(_ bytes: ArraySlice<UInt8>, limits: JSONLimits = .default) throws(JSONError) {
    guard bytes.count <= limits.bytes else { throw .tooLarge(count: bytes.count, limit: limits.bytes) }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { throw .byteOrderMark }
    do {
      _ = try UTF8Span(validating: bytes.span)
    } catch {
      throw .invalidUTF8(offset: error.byteOffsets.lowerBound)
    }
    self.bytes = bytes
    depthLimit = limits.depth
  }

  package init(_ bytes: [UInt8], limits: JSONLimits = .default) throws(JSONError) { try self.init(bytes[...], limits: limits) }

  /// The kind of the value that follows, which stays unread.
  package mutating func peek() throws(JSONError) -> JSONKind {
    skipWhitespace()
    guard let byte else { throw .unexpectedEnd(offset: position) }
    switch byte {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
    case UInt8(ascii: "n"): return .null
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    default: throw .unexpectedByte(byte, offset: position, expected: "a value")
    }
  }

  package mutating func beginObject() throws(JSONError) { try begin(.object) }

  package mutating func beginArray() throws(JSONError) { try begin(.array) }

  /// The name of the next member, whose value follows; nil at the end of the object, which is then read.
  package mutating func nextMember() throws(JSONError) -> JSONText? {
    guard try hasNext(until: UInt8(ascii: "}"), "\",\" or \"}\"") else { return nil }
    skipWhitespace()
    guard let byte else { throw .unexpectedEnd(offset: position) }
    guard byte == UInt8(ascii: "\"") else { throw .unexpectedByte(byte, offset: position, expected: "a member name") }
    let name = try scanString()
    skipWhitespace()
    try take(UInt8(ascii: ":"), "\":\"")
    return name
  }

  /// Whether another element follows; false at the end of the array, which is then read.
  package mutating func nextElement() throws(JSONError) -> Bool {
    try hasNext(until: UInt8(ascii: "]"), "\",\" or \"]\"")
  }

  package mutating func readString() throws(JSONError) -> JSONText {
    try expect(.string)
    return try scanString()
  }

  package mutating func readBool() throws(JSONError) -> Bool {
    try expect(.bool)
    let value = byte == UInt8(ascii: "t")
    try take(value ? "true" : "false")
    return value
  }

  package mutating func readNull() throws(JSONError) {
    try expect(.null)
    try take("null")
  }

  /// The bytes of a number, counted from the start of the input.
  package mutating func readNumber() throws(JSONError) -> Range<Int> {
    try expect(.number)
    return try scanNumber()
  }

  /// Reads the value that follows, whatever it is, checks it and forgets it.
  package mutating func skipValue() throws(JSONError) {
    switch try peek() {
    case .null: try readNull()
    case .bool: _ = try readBool()
    case .number: _ = try scanNumber()
    case .string: _ = try scanString()
    case .array:
      try beginArray()
      while try nextElement() { try skipValue() }
    case .object:
      try beginObject()
      while try nextMember() != nil { try skipValue() }
    }
  }

  /// Refuses anything but white space after the value.
  package mutating func finish() throws(JSONError) {
    skipWhitespace()
    guard position == bytes.count else { throw .trailingBytes(offset: position) }
  }

  /// The bytes at `range`, which a read returned.
  package func slice(_ range: Range<Int>) -> ArraySlice<UInt8> {
    let bounds = range.clamped(to: 0..<bytes.count)
    return bytes[(bytes.startIndex + bounds.lowerBound)..<(bytes.startIndex + bounds.upperBound)]
  }
}

// The grammar.
extension JSONReader {
  /// The next byte, unread; nil at the end.
  private var byte: UInt8? { position < bytes.count ? bytes[bytes.startIndex &+ position] : nil }

  private mutating func skipWhitespace() {
    while let byte, byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position &+= 1 }
  }

  private mutating func expect(_ kind: JSONKind) throws(JSONError) {
    let found = try peek()
    guard found == kind else { throw .wrongKind(found, offset: position, expected: kind) }
  }

  private mutating func begin(_ kind: JSONKind) throws(JSONError) {
    try expect(kind)
    guard depth < depthLimit else { throw .tooDeep(limit: depthLimit, offset: position) }
    depth &+= 1
    position &+= 1
    isFirst = true
  }

  private mutating func hasNext(until end: UInt8, _ expected: @autoclosure () -> String) throws(JSONError) -> Bool {
    skipWhitespace()
    guard let byte else { throw .unexpectedEnd(offset: position) }
    if byte == end {
      position &+= 1
      depth &-= 1
      isFirst = false
      return false
    }
    if isFirst {
      isFirst = false
      return true
    }
    guard byte == UInt8(ascii: ",") else { throw .unexpectedByte(byte, offset: position, expected: expected()) }
    position &+= 1
    return true
  }

  private mutating func take(_ expected: UInt8, _ name: @autoclosure () -> String) throws(JSONError) {
    guard let byte else { throw .unexpectedEnd(offset: position) }
    guard byte == expected else { throw .unexpectedByte(byte, offset: position, expected: name()) }
    position &+= 1
  }

  private mutating func take(_ word: StaticString) throws(JSONError) {
    for index in 0..<word.utf8CodeUnitCount {
      // In bounds of the literal by the loop's range.
      try take(unsafe word.utf8Start[index], "\"\(word)\"")
    }
  }

  private mutating func scanNumber() throws(JSONError) -> Range<Int> {
    let start = position
    if byte == UInt8(ascii: "-") { position &+= 1 }
    if byte == UInt8(ascii: "0") { position &+= 1 } else if !skipDigits() { throw .invalidNumber(offset: start) }
    if byte == UInt8(ascii: ".") {
      position &+= 1
      guard skipDigits() else { throw .invalidNumber(offset: start) }
    }
    if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
      position &+= 1
      if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { position &+= 1 }
      guard skipDigits() else { throw .invalidNumber(offset: start) }
    }
    // A digit after a leading zero, `1.2.3` or `1a`: named here rather than as a byte that no comma could explain.
    if let byte, (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x2E {
      throw .invalidNumber(offset: start)
    }
    return start..<position
  }

  private mutating func skipDigits() -> Bool {
    let start = position
    while let byte, (0x30...0x39).contains(byte) { position &+= 1 }
    return position > start
  }

  private mutating func scanString() throws(JSONError) -> JSONText {
    let start = position &+ 1
    var end = start
    var hasEscapes = false
    // The span lives in its own scope, so that `position` can be set after it.
    do {
      let span = bytes.span
      while true {
        while end &+ 8 <= span.count {
          let count = Self.plainCount(span, at: end)
          end &+= count
          if count < 8 { break }
        }
        guard end < span.count else { throw .unexpectedEnd(offset: span.count) }
        let byte = span[end]
        if byte == UInt8(ascii: "\"") { break }
        if byte == UInt8(ascii: "\\") {
          hasEscapes = true
          end = try Self.escapeEnd(in: span, at: end)
        } else if byte < 0x20 {
          throw .controlCharacter(byte, offset: end)
        } else {
          end &+= 1
        }
      }
    }
    position = end &+ 1
    return JSONText(range: start..<end, hasEscapes: hasEscapes)
  }

  /// How many of the eight bytes at `offset` come before a quotation mark, a backslash or a control character: all eight in one go, for
  /// most of what Pub/Sub sends is one long string of base64.
  static func plainCount(_ span: Span<UInt8>, at offset: Int) -> Int {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    // Every bit pattern is a UInt64, and the load checks its bounds.
    let word = UInt64(littleEndian: unsafe span.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    let quotes = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
    let backslashes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
    // `x - 1` borrows into the high bit only where x was 0, `x - 0x20` where it was below 0x20; a byte's own high bit is no hit.
    // A borrow can spill into the byte after a hit and raise a false alarm there, so the first hit is a true one.
    let hits = (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes | (word &- ones &* 0x20) & ~word
    return (hits & highs).trailingZeroBitCount / 8
  }

  /// Checks the escape sequence at `offset` and returns where it ends.
  private static func escapeEnd(in span: Span<UInt8>, at offset: Int) throws(JSONError) -> Int {
    guard offset &+ 1 < span.count else { throw .unexpectedEnd(offset: span.count) }
    switch span[offset &+ 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
      UInt8(ascii: "r"), UInt8(ascii: "t"):
      return offset &+ 2
    case UInt8(ascii: "u"): break
    default: throw .invalidEscape(offset: offset)
    }
    let unit = try codeUnit(in: span, at: offset)
    guard (0xD800...0xDFFF).contains(unit) else { return offset &+ 6 }
    guard unit < 0xDC00, offset &+ 7 < span.count, span[offset &+ 6] == UInt8(ascii: "\\"),
      span[offset &+ 7] == UInt8(ascii: "u"),
      (0xDC00...0xDFFF).contains(try codeUnit(in: span, at: offset &+ 6))
    else { throw .loneSurrogate(offset: offset) }
    return offset &+ 12
  }

  /// The UTF-16 code unit of the `\uXXXX` at `offset`.
  static func codeUnit(in span: Span<UInt8>, at offset: Int) throws(JSONError) -> UInt16 {
    guard offset &+ 6 <= span.count else { throw .unexpectedEnd(offset: span.count) }
    var unit: UInt16 = 0
    for index in (offset &+ 2)..<(offset &+ 6) {
      let digit: UInt8
      switch span[index] {
      case let byte where (0x30...0x39).contains(byte): digit = byte &- 0x30
      case let byte where (0x41...0x46).contains(byte): digit = byte &- 0x37
      case let byte where (0x61...0x66).contains(byte): digit = byte &- 0x57
      default: throw .invalidEscape(offset: offset)
      }
      unit = unit << 4 | UInt16(digit)
    }
    return unit
  }
}
