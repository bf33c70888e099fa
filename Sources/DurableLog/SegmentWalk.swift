/// Goes through a segment from its first record to its end, past whatever is damaged.
///
/// Recovery stops at the first damage, for nothing behind it may be used. This is for those who look what is left.
struct SegmentWalk {
  enum Step {
    /// A record whose payload is whole. Damage to the fill behind it costs nothing, but it is damage.
    case record(RecordHeader, offset: Int, payload: [UInt8], isFillDamaged: Bool)
    /// A record of which only the header is whole.
    case damagedRecord(RecordHeader, offset: Int)
    /// Bytes in which there is no header; `next` is that of the record behind them, nil where none follows.
    case hole(offset: Int, next: RecordHeader?)
  }

  private(set) var reader: SegmentReader
  /// Where to stop, in bytes from the start of the file.
  private let limit: Int
  /// Where the next step begins.
  private(set) var offset = SegmentHeader.byteCount
  /// The sequence of the last header that was whole.
  private(set) var lastSequence: UInt64
  /// The SEAL or CLEAN that ends the segment, if it is whole.
  private(set) var terminal: (header: RecordHeader, offset: Int)?

  /// - Parameter sequence: all records are above it.
  init(_ reader: SegmentReader, after sequence: UInt64, limit: Int? = nil) {
    self.reader = reader
    self.limit = limit ?? reader.size
    lastSequence = sequence
  }

  /// - Returns: nil at the end.
  mutating func next() throws(LogError) -> Step? {
    guard terminal == nil, offset < limit else { return nil }
    let start = offset
    guard let header = try following(at: start) else { return try hole(from: start) }
    lastSequence = header.sequence
    // The file was cut short: a header that is whole tells a length that is true.
    guard header.recordBytes <= reader.size - start else {
      offset = limit
      return .damagedRecord(header, offset: start)
    }
    offset = start + header.recordBytes
    let payload = try reader.bytes(header.length, at: start + RecordHeader.byteCount)
    guard Checksum.of(payload.span) == header.payloadChecksum else { return .damagedRecord(header, offset: start) }
    let fillBytes = header.recordBytes - RecordHeader.byteCount - header.length
    let fill = try reader.bytes(fillBytes, at: offset - fillBytes)
    if header.kind?.endsSegment == true { terminal = (header, start) }
    return .record(header, offset: start, payload: payload, isFillDamaged: !fill.span.isZero)
  }

  /// True when only zeros lie from `offset` to the end of the file.
  mutating func isZero(from offset: Int) throws(LogError) -> Bool { try reader.isZero(from: offset) }

  /// How the segment ended, where its end is whole.
  mutating func end() throws(LogError) -> SegmentEnd? {
    guard let terminal else { return nil }
    let bytes = try reader.bytes(terminal.header.recordBytes, at: terminal.offset)
    return SegmentEnd(lastSequence: lastSequence, byteCount: offset, sealChecksum: Checksum.of(bytes.span))
  }

  private mutating func following(at offset: Int) throws(LogError) -> RecordHeader? {
    guard let header = try reader.validHeader(at: offset), header.sequence > lastSequence else { return nil }
    return header
  }

  /// Looks for the next header. Headers are bound to their place, so that nothing a payload holds can pass for one.
  private mutating func hole(from start: Int) throws(LogError) -> Step {
    offset += RecordHeader.alignment
    while let found = try reader.syncWord(from: offset), found < limit {
      offset = found
      if let header = try following(at: offset) { return .hole(offset: start, next: header) }
      offset += RecordHeader.alignment
    }
    offset = limit
    return .hole(offset: start, next: nil)
  }
}
