/// Reads the fields of an encoded event from bytes that may be damaged.
struct EventReader {
  private var rest: ArraySlice<UInt8>
  private let start: Int

  init(_ bytes: ArraySlice<UInt8>) {
    rest = bytes
    start = bytes.startIndex
  }

  private var offset: Int { rest.startIndex - start }

  mutating func byte() throws(EventEncodingError) -> UInt8 { try integer(UInt8.self) }

  mutating func integer<Value: FixedWidthInteger>(_: Value.Type) throws(EventEncodingError) -> Value {
    var value: Value = 0
    for (index, byte) in try take(Value.bitWidth / 8).enumerated() { value |= Value(truncatingIfNeeded: byte) << (8 * index) }
    return value
  }

  mutating func attempt() throws(EventEncodingError) -> Int {
    Int(clamping: try integer(UInt32.self))
  }

  mutating func text() throws(EventEncodingError) -> String {
    let offset = offset
    let bytes = try bytes()
    do { return String(copying: try UTF8Span(validating: bytes.span)) } catch { throw .invalidText(offset: offset) }
  }

  mutating func bytes() throws(EventEncodingError) -> ArraySlice<UInt8> {
    guard let count = Int(exactly: try integer(UInt32.self)) else { throw .truncated(offset: offset) }
    return try take(count)
  }

  /// A number of attributes that can still follow: each takes eight bytes at least.
  mutating func attributeCount() throws(EventEncodingError) -> Int {
    let offset = offset
    guard let count = Int(exactly: try integer(UInt32.self)), count <= rest.count / 8 else { throw .truncated(offset: offset) }
    return count
  }

  func finish() throws(EventEncodingError) {
    guard rest.isEmpty else { throw .trailingBytes(offset: offset) }
  }

  private mutating func take(_ count: Int) throws(EventEncodingError) -> ArraySlice<UInt8> {
    guard count <= rest.count else { throw .truncated(offset: offset) }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }
}
