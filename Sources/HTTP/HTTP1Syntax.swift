/// The byte classes of RFC 9110 section 5.6.2 and 5.5, and the numbers of RFC 9112. HTTP/2 is read by the same rules.
package enum HTTP1Syntax {
  /// The bytes that may stand in a token, a bit each: 0 to 63, and 64 to 127. Constants, because a table would be looked up behind a
  /// check that it is made, for each byte of each name.
  private static var lowTokenBits: UInt64 { 0x03ff_6cfa_0000_0000 }
  private static var highTokenBits: UInt64 { 0x57ff_ffff_c7ff_fffe }

  /// Whether a byte may stand in a token.
  @inline(__always)
  static func isToken(_ byte: UInt8) -> Bool {
    byte < 128 && ((byte < 64 ? lowTokenBits : highTokenBits) >> UInt64(byte & 63)) & 1 == 1
  }

  /// Whether a byte may stand in a field value: HTAB, SP, visible ASCII or obs-text; never another control character.
  @inline(__always)
  static func isFieldContent(_ byte: UInt8) -> Bool { byte >= 0x20 ? byte != 0x7F : byte == 0x09 }

  /// Whether every byte may stand in a field value. Looks at all of them without a branch, which the compiler turns into vector
  /// instructions: a token in Authorization is a thousand bytes.
  package static func isFieldContent(_ bytes: Span<UInt8>) -> Bool {
    unsafe bytes.withUnsafeBufferPointer { bytes in
      var wrong: UInt8 = 0
      for index in 0..<bytes.count {
        let byte = unsafe bytes[index]
        wrong |= ((byte < 0x20 ? 1 : 0) & (byte == 0x09 ? 0 : 1)) | (byte == 0x7F ? 1 : 0)
      }
      return wrong == 0
    }
  }

  /// A decimal number of at most 15 digits without sign: what Content-Length may be.
  package static func decimal(_ bytes: ArraySlice<UInt8>) -> Int? {
    guard !bytes.isEmpty, bytes.count <= 15 else { return nil }
    var value = 0
    for byte in bytes {
      guard (48...57).contains(byte) else { return nil }
      value = value * 10 + Int(byte - 48)
    }
    return value
  }

  static func hexDigit(_ byte: UInt8) -> Int? {
    switch byte {
    case 48...57: Int(byte - 48)
    case 65...70: Int(byte - 55)
    case 97...102: Int(byte - 87)
    default: nil
    }
  }

  /// Whether `bytes` may be the value of Host: a name, an IPv4 address or a bracketed IPv6 address, with an optional port; nothing
  /// that would need percent-decoding (RFC 9110 section 7.2, RFC 3986 section 3.2.2).
  package static func isHost(_ bytes: ArraySlice<UInt8>) -> Bool {
    var rest = bytes
    if rest.first == UInt8(ascii: "[") {
      guard let close = rest.firstIndex(of: UInt8(ascii: "]")) else { return false }
      let address = rest[rest.index(after: rest.startIndex)..<close]
      guard !address.isEmpty, address.allSatisfy({ hexDigit($0) != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") })
      else { return false }
      rest = rest[rest.index(after: close)...]
    } else {
      let name = rest.prefix { $0 != UInt8(ascii: ":") }
      guard !name.isEmpty, name.allSatisfy({ isNameByte($0) }) else { return false }
      rest = rest[name.endIndex...]
    }
    guard let colon = rest.first else { return true }
    let port = rest.dropFirst()
    return colon == UInt8(ascii: ":") && (port.isEmpty || decimal(port).map { $0 <= 65_535 } ?? false)
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122: true
    case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
    default: false
    }
  }
}
