// What the strings that a reader found say.
extension JSONReader {
  /// Whether the string says `name`, escaped or not.
  package func text(_ text: JSONText, is name: StaticString) -> Bool {
    guard !text.hasEscapes else { return string(text) == name.description }
    guard text.range.count == name.utf8CodeUnitCount else { return false }
    let span = bytes.span
    for index in text.range {
      // In bounds of the literal: both have the same length.
      guard unsafe span[index] == name.utf8Start[index &- text.range.lowerBound] else { return false }
    }
    return true
  }

  package func string(_ text: JSONText) -> String {
    guard !text.hasEscapes else { return String(decoding: unescaped(text), as: UTF8.self) }
    // `init` has checked all of the bytes, but only a checking initializer lets a string know that it is ASCII, without which each
    // later comparison and hash of it takes the slow way.
    return String(decoding: slice(text.range), as: UTF8.self)
  }

  /// The UTF-8 of the string; for strings without escapes the bytes in place, without a copy.
  package func utf8(_ text: JSONText) -> ArraySlice<UInt8> { text.hasEscapes ? unescaped(text)[...] : slice(text.range) }

  private func unescaped(_ text: JSONText) -> [UInt8] {
    let span = slice(text.range).span
    var result: [UInt8] = []
    result.reserveCapacity(span.count)
    var index = 0
    while index < span.count {
      guard span[index] == UInt8(ascii: "\\"), index &+ 1 < span.count else {
        result.append(span[index])
        index &+= 1
        continue
      }
      let escape = span[index &+ 1]
      if escape == UInt8(ascii: "u") {
        let (scalar, end) = Self.scalar(in: span, at: index)
        result.append(contentsOf: String(scalar).utf8)
        index = end
      } else {
        result.append(Self.meaning(of: escape))
        index &+= 2
      }
    }
    return result
  }

  private static func meaning(of escape: UInt8) -> UInt8 {
    switch escape {
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0C
    case UInt8(ascii: "n"): 0x0A
    case UInt8(ascii: "r"): 0x0D
    case UInt8(ascii: "t"): 0x09
    default: escape
    }
  }

  /// The scan has refused everything that would need the replacement character here.
  private static func scalar(in span: Span<UInt8>, at offset: Int) -> (Unicode.Scalar, end: Int) {
    do throws(JSONError) {
      let high = try codeUnit(in: span, at: offset)
      if let scalar = Unicode.Scalar(high) { return (scalar, offset &+ 6) }
      let low = try codeUnit(in: span, at: offset &+ 6)
      let value = 0x10000 &+ (UInt32(high & 0x3FF) << 10 | UInt32(low & 0x3FF))
      return (Unicode.Scalar(value) ?? "\u{FFFD}", offset &+ 12)
    } catch { return ("\u{FFFD}", offset &+ 6) }
  }
}
