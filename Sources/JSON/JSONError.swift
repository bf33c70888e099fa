/// Why bytes are not JSON that we accept (RFC 8259). Every offset counts bytes from the start of the input.
package enum JSONError: Error, Hashable, Sendable {
  /// The input ends inside a value.
  case unexpectedEnd(offset: Int)
  /// A byte that cannot stand where it stands.
  case unexpectedByte(UInt8, offset: Int, expected: String)
  /// Another kind of value than the caller asked for.
  case wrongKind(JSONKind, offset: Int, expected: JSONKind)
  /// Not UTF-8, or not the shortest form (RFC 3629).
  case invalidUTF8(offset: Int)
  /// A byte order mark; RFC 8259 section 8.1 forbids it.
  case byteOrderMark
  /// A control character that is not escaped inside a string.
  case controlCharacter(UInt8, offset: Int)
  /// A backslash that starts no escape sequence.
  case invalidEscape(offset: Int)
  /// Half of a surrogate pair: it stands for no character.
  case loneSurrogate(offset: Int)
  /// A number with a leading zero, without digits, or the like.
  case invalidNumber(offset: Int)
  /// A member name that its object already has. Two readers could take different ones, so we take none.
  case duplicateName(String, offset: Int)
  /// Arrays and objects inside each other beyond the limit.
  case tooDeep(limit: Int, offset: Int)
  /// More bytes than the limit.
  case tooLarge(count: Int, limit: Int)
  /// Something after the value.
  case trailingBytes(offset: Int)
}

extension JSONError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unexpectedEnd(let offset): "the JSON ends at byte \(offset), inside a value"
    case .unexpectedByte(let byte, let offset, let expected):
      "\(Self.shown(byte)) at byte \(offset) where \(expected) is expected"
    case .wrongKind(let kind, let offset, let expected):
      "\(kind.rawValue) at byte \(offset) where \(expected.rawValue) is expected"
    case .invalidUTF8(let offset): "the bytes at byte \(offset) are not UTF-8"
    case .byteOrderMark: "the JSON starts with a byte order mark; send it without"
    case .controlCharacter(let byte, let offset): "\(Self.shown(byte)) at byte \(offset) must be escaped inside a string"
    case .invalidEscape(let offset): "the escape sequence at byte \(offset) is none of JSON's"
    case .loneSurrogate(let offset): "the escape sequence at byte \(offset) is half of a surrogate pair"
    case .invalidNumber(let offset): "the number at byte \(offset) is not written as JSON writes numbers"
    case .duplicateName(let name, let offset):
      "the member name \(name.quoted(limit: 80)) at byte \(offset) occurs twice in one object"
    case .tooDeep(let limit, let offset): "the JSON is nested deeper than \(limit) levels at byte \(offset)"
    case .tooLarge(let count, let limit): "the JSON has \(count) bytes; the limit is \(limit)"
    case .trailingBytes(let offset): "something follows the JSON value at byte \(offset)"
    }
  }

  private static func shown(_ byte: UInt8) -> String {
    if (0x21...0x7E).contains(byte) { return "\"\(Character(Unicode.Scalar(byte)))\"" }
    let digits = String(byte, radix: 16, uppercase: true)
    return "the byte 0x" + (digits.count == 1 ? "0" : "") + digits
  }
}
