/// Base64 as Pub/Sub writes it: RFC 4648 section 4, padding required, nothing between the characters.
enum Base64 {
  /// Strict: the bits that padding leaves over must be zero, so that every payload has one spelling only.
  static func decode(_ text: ArraySlice<UInt8>) throws(EnvelopeError) -> [UInt8] {
    let text = text.span
    guard !text.isEmpty else { return [] }
    guard text.count % 4 == 0 else { throw .invalidBase64(offset: text.count) }
    let padding = text[text.count - 1] != UInt8(ascii: "=") ? 0 : text[text.count - 2] != UInt8(ascii: "=") ? 1 : 2
    let wholeCount = padding == 0 ? text.count : text.count - 4
    let table = values
    let values = table.span
    // Written by index: appending checks and counts three times a group.
    var bytes = [UInt8](repeating: 0, count: text.count / 4 * 3 - padding)
    var end = 0
    var offset = 0
    while offset < wholeCount {
      let (a, b) = (values[Int(text[offset])], values[Int(text[offset + 1])])
      let (c, d) = (values[Int(text[offset + 2])], values[Int(text[offset + 3])])
      guard a | b | c | d < 64 else { throw invalid(text, from: offset) }
      bytes[end] = a << 2 | b >> 4
      bytes[end &+ 1] = b << 4 | c >> 2
      bytes[end &+ 2] = c << 6 | d
      end &+= 3
      offset &+= 4
    }
    guard padding > 0 else { return bytes }
    let (a, b) = (values[Int(text[offset])], values[Int(text[offset + 1])])
    let c = padding == 2 ? 0 : values[Int(text[offset + 2])]
    guard a | b | c < 64 else { throw invalid(text, from: offset) }
    guard (padding == 2 ? b & 0x0F : c & 0x03) == 0 else { throw .invalidBase64(offset: offset + 3 - padding) }
    bytes[end] = a << 2 | b >> 4
    if padding == 1 { bytes[end + 1] = b << 4 | c >> 2 }
    return bytes
  }

  private static func invalid(_ text: Span<UInt8>, from offset: Int) -> EnvelopeError {
    var offset = offset
    while offset < text.count - 1, values[Int(text[offset])] < 64 { offset += 1 }
    return .invalidBase64(offset: offset)
  }

  /// The six bits of each character; 255 for what is none.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 255, count: 256)
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for (value, character) in alphabet.utf8.enumerated() { values[Int(character)] = UInt8(value) }
    return values
  }()
}
