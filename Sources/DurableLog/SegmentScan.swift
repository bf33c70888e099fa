/// What reading a segment from its first record on came to: rules 2 and 3 of the recovery table.
struct SegmentScan {
  /// L: the last sequence of the unbroken run of whole records.
  private(set) var lastSequence: UInt64
  /// V: where that run ends.
  private(set) var end = SegmentHeader.byteCount
  /// D: the last sequence that some record proves to have been durable.
  private(set) var durableSequence: UInt64
  /// The SEAL or CLEAN that ends the segment.
  private(set) var terminal: (header: RecordHeader, offset: Int)?

  /// Reads records while header, sequence and payload hold, and shows each to `visit`.
  init(
    _ reader: inout SegmentReader, firstSequence: UInt64,
    visit: (RecordHeader, Int, inout SegmentReader) throws -> Void = { _, _, _ in }
  ) throws {
    // The segment before this one was durable as a whole before this one was made.
    lastSequence = firstSequence &- 1
    durableSequence = lastSequence
    while terminal == nil, let record = try reader.header(at: end), record.sequence == lastSequence &+ 1 {
      try Self.checkSupported(record, at: end, of: reader.name)
      durableSequence = max(durableSequence, record.durableSequence)
      try visit(record, end, &reader)
      if record.kind?.endsSegment == true { terminal = (record, end) }
      lastSequence = record.sequence
      end += record.recordBytes
    }
  }

  /// Looks behind the unbroken run for records that prove more to have been durable. Their headers are bound to their place, so
  /// that nothing a payload holds can pass for one.
  mutating func searchBeyondEnd(_ reader: inout SegmentReader) throws(LogError) {
    var offset = end
    while offset + RecordHeader.byteCount <= reader.size {
      if let record = try reader.validHeader(at: offset), record.sequence > lastSequence {
        durableSequence = max(durableSequence, record.durableSequence)
      }
      offset += RecordHeader.alignment
    }
  }

  /// Throws for a record that a reader must not pass over and that this version does not know.
  static func checkSupported(_ record: RecordHeader, at offset: Int, of segment: String) throws(LogError) {
    guard record.type < RecordKind.firstSkippable else { return }
    guard record.kind != nil else {
      throw .unsupported(segment: segment, offset: offset, what: "record type \(record.type)")
    }
    guard record.flags == 0, record.schema <= RecordHeader.schema else {
      throw .unsupported(segment: segment, offset: offset, what: "record schema \(record.schema) with flags \(record.flags)")
    }
  }
}
