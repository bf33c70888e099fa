/// The token in an Authorization field, RFC 6750 section 2.1.
package struct BearerCredentials: Hashable, Sendable {
  /// A token of the characters that RFC 6750 allows; nothing else is known about it.
  package let token: ArraySlice<UInt8>

  /// - Parameter values: the value of each Authorization field of a request, without white space around it.
  package init<Value: Sequence<UInt8>>(authorization values: some Collection<Value>) throws(TokenRefusal) {
    guard let first = values.first else { throw .noCredentials }
    // RFC 9110 section 5.3: a field that is no list occurs once. Two readers could take different ones.
    guard values.count == 1 else { throw .severalCredentials(count: values.count) }
    let value = Array(first)
    // The tab is no control character to RFC 9110, and no separator to RFC 6750 either: below it fails like any other.
    guard !value.contains(where: { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7f }) else { throw .controlCharacterInField }
    let scheme = value.prefix { $0 != UInt8(ascii: " ") }
    // RFC 9110 section 11.1: schemes are compared without case.
    guard scheme.map({ $0 | 0x20 }) == Array("bearer".utf8) else { throw .otherScheme }
    token = value[scheme.endIndex...].drop { $0 == UInt8(ascii: " ") }
    guard Self.isToken(token) else { throw .malformedCredentials }
  }

  /// b64token: 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
  private static func isToken(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard let first = bytes.first, first != UInt8(ascii: "=") else { return false }
    return bytes.drop(while: isTokenByte).allSatisfy { $0 == UInt8(ascii: "=") }
  }

  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "+"), UInt8(ascii: "/"):
      true
    default: false
    }
  }
}
