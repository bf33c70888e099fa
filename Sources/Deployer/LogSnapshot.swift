import Clocks
import DurableLog
import Events
import OpenSSL

/// What is written forward so that old segments may go: the payload of a SNAPSHOT record.
///
/// Version 1, integers little endian, a text or a payload being its length (UInt32) and its bytes:
///
/// | field | type |
/// |---|---|
/// | version | UInt8, 1 |
/// | what | UInt8: 1 an event, 2 known messages |
/// | event | the payload of its EVENT record; UInt32 count, then for each of its state records, oldest first: the record's type (UInt8) and its payload |
/// | known messages | UInt32 count, then for each: the key (32 bytes), receivedAt (Int64 nanoseconds since 1970), the event's id (text) |
enum LogSnapshot: Hashable, Sendable {
  /// An event and all that happened to it until then, with which it takes the place of the records themselves.
  case event(Moved)
  /// Messages whose events may be forgotten, but not that they came. Their `segment` is left open.
  case known([KnownMessages.Message])

  struct Moved: Hashable, Sendable {
    struct State: Hashable, Sendable {
      let kind: RecordKind
      let payload: [UInt8]
    }

    let event: [UInt8]
    var states: [State]
  }

  private static let version: UInt8 = 1

  var encoded: [UInt8] {
    var bytes: [UInt8] = [Self.version]
    switch self {
    case .event(let moved):
      bytes.append(1)
      bytes.append(counted: moved.event)
      bytes.append(littleEndian: UInt32(clamping: moved.states.count))
      for state in moved.states {
        bytes.append(state.kind.rawValue)
        bytes.append(counted: state.payload)
      }
    case .known(let messages):
      bytes.append(2)
      bytes.append(littleEndian: UInt32(clamping: messages.count))
      for message in messages {
        bytes += message.key.bytes
        bytes.append(littleEndian: message.receivedAt.nanoseconds)
        bytes.append(counted: Array(message.id.utf8))
      }
    }
    return bytes
  }

  /// - Parameter segment: where the record lies.
  /// - Returns: nil for what `encoded` has not written.
  init?(_ bytes: [UInt8], segment: UInt64) {
    var reader = SnapshotReader(rest: bytes[...])
    guard reader.byte() == Self.version else { return nil }
    switch reader.byte() {
    case 1:
      guard let event = reader.counted(), let count: UInt32 = reader.integer() else { return nil }
      var moved = Moved(event: Array(event), states: [])
      for _ in 0..<count {
        guard let kind = reader.byte().flatMap(RecordKind.init), let payload = reader.counted() else { return nil }
        moved.states.append(Moved.State(kind: kind, payload: Array(payload)))
      }
      self = .event(moved)
    case 2:
      guard let count: UInt32 = reader.integer() else { return nil }
      var messages: [KnownMessages.Message] = []
      for _ in 0..<count {
        guard let key = reader.take(SHA256Digest.byteCount).flatMap({ SHA256Digest($0) }),
          let nanoseconds: Int64 = reader.integer(), let id = reader.counted()
        else { return nil }
        messages.append(
          KnownMessages.Message(
            key: key, id: String(decoding: id, as: UTF8.self), receivedAt: Timestamp(nanoseconds: nanoseconds), segment: segment))
      }
      self = .known(messages)
    default: return nil
    }
    guard reader.rest.isEmpty else { return nil }
  }
}

/// Takes a payload apart; nil where it is too short.
private struct SnapshotReader {
  var rest: ArraySlice<UInt8>

  mutating func byte() -> UInt8? { rest.popFirst() }

  mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard count <= rest.count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  mutating func integer<Value: FixedWidthInteger>() -> Value? {
    take(MemoryLayout<Value>.size)?.reversed().reduce(0) { $0 << 8 | Value(truncatingIfNeeded: $1) }
  }

  mutating func counted() -> ArraySlice<UInt8>? {
    guard let count: UInt32 = integer() else { return nil }
    return take(Int(count))
  }
}

extension [UInt8] {
  fileprivate mutating func append<Value: FixedWidthInteger>(littleEndian value: Value) {
    for byte in 0..<MemoryLayout<Value>.size { append(UInt8(truncatingIfNeeded: value >> (byte * 8))) }
  }

  fileprivate mutating func append(counted bytes: [UInt8]) {
    append(littleEndian: UInt32(clamping: bytes.count))
    self += bytes
  }
}
