/// A frame as bytes (RFC 9113 section 4.1), valid or not: what a well-behaved client cannot be made to send.
struct RawFrame: Equatable, Sendable {
  enum Kind: UInt8, Sendable {
    case data, headers, priority, resetStream, settings, pushPromise, ping, goAway, windowUpdate, continuation, unknown = 0x77
  }

  static let endStream: UInt8 = 0x1
  static let acknowledgement: UInt8 = 0x1
  static let endHeaders: UInt8 = 0x4
  static let padded: UInt8 = 0x8

  var kind: Kind
  var flags: UInt8 = 0
  var stream: Int32 = 0
  var payload: [UInt8] = []

  var bytes: [UInt8] {
    let length = payload.count
    return [UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255), kind.rawValue, flags] + Self.number(stream)
      + payload
  }

  static func number(_ value: Int32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }

  // MARK: The frames there are

  static func settings(_ settings: [(UInt8, Int32)] = []) -> RawFrame {
    RawFrame(kind: .settings, payload: settings.flatMap { [0, $0.0] + number($0.1) })
  }

  /// Fields as a complete section, each a literal that is not indexed (RFC 7541 section 6.2.2).
  static func headers(_ stream: Int32, _ fields: [(String, String)], ends: Bool = true) -> RawFrame {
    RawFrame(kind: .headers, flags: endHeaders | (ends ? endStream : 0), stream: stream, payload: fields.flatMap(literal))
  }

  static func data(_ stream: Int32, _ count: Int, ends: Bool = false) -> RawFrame {
    RawFrame(kind: .data, flags: ends ? endStream : 0, stream: stream, payload: Array(repeating: 0x61, count: count))
  }

  static func reset(_ stream: Int32, _ code: Int32 = 8) -> RawFrame {
    RawFrame(kind: .resetStream, stream: stream, payload: number(code))
  }

  static func windowUpdate(_ stream: Int32, _ increment: Int32) -> RawFrame {
    RawFrame(kind: .windowUpdate, stream: stream, payload: number(increment))
  }

  static let ping = RawFrame(kind: .ping, payload: Array("12345678".utf8))

  static func goAway(last: Int32, _ code: Int32 = 0) -> RawFrame { RawFrame(kind: .goAway, payload: number(last) + number(code)) }

  static func literal(_ field: (String, String)) -> [UInt8] { [0] + text(field.0) + text(field.1) }

  private static func text(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    guard bytes.count >= 127 else { return [UInt8(bytes.count)] + bytes }
    var length: [UInt8] = [127]
    var rest = bytes.count - 127
    while rest >= 128 {
      length.append(UInt8(rest & 127) | 128)
      rest >>= 7
    }
    return length + [UInt8(rest)] + bytes
  }

  // MARK: Reading

  /// The frames that `bytes` consist of.
  static func all(in bytes: [UInt8]) -> [RawFrame] {
    var frames: [RawFrame] = []
    var rest = bytes[...]
    while rest.count >= 9 {
      let head = Array(rest.prefix(9))
      let length = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
      let stream = head[5...].reduce(0) { $0 << 8 | Int32($1) }
      frames.append(
        RawFrame(
          kind: Kind(rawValue: head[3]) ?? .unknown, flags: head[4], stream: stream,
          payload: Array(rest.dropFirst(9).prefix(length))))
      rest = rest.dropFirst(9 + length)
    }
    return frames
  }

  /// The number at `offset` of the payload: a code, an increment, the last stream of GOAWAY.
  func number(at offset: Int) -> Int32 { payload.dropFirst(offset).prefix(4).reduce(0) { $0 << 8 | Int32($1) } }
}
