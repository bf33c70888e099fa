/// Why bytes are not an encoded event. Offsets count from the start of the bytes.
package enum EventEncodingError: Error, Hashable, Sendable {
  /// Written by a version of this program that this one does not know.
  case unknownVersion(UInt8)
  /// The bytes end inside a field, or a field claims more than there is.
  case truncated(offset: Int)
  /// Flags that version 1 does not have.
  case unknownFlags(UInt8)
  /// A text that is not UTF-8.
  case invalidText(offset: Int)
  /// More bytes than the event has fields.
  case trailingBytes(offset: Int)
}

extension EventEncodingError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unknownVersion(let version): "encoded event: version \(version) is unknown; a newer program wrote it"
    case .truncated(let offset): "encoded event: cut short at byte \(offset)"
    case .unknownFlags(let flags): "encoded event: unknown flags 0x\(String(flags, radix: 16))"
    case .invalidText(let offset): "encoded event: the text at byte \(offset) is not UTF-8"
    case .trailingBytes(let offset): "encoded event: something follows it at byte \(offset)"
    }
  }
}
