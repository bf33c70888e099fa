/// The 32 bytes before a payload.
struct RecordHeader: Hashable, Sendable {
  var length: Int
  /// The type byte; not every value is a `RecordKind`.
  var type: UInt8
  var flags: UInt8 = 0
  var schema: UInt16 = 1
  var sequence: UInt64
  var payloadChecksum: UInt32
  /// How far this record was ahead of the last one known durable when it was written. It proves that the records up to
  /// `sequence - lag` were durable, which is what tells damage from a torn tail.
  var lag: UInt32

  static let byteCount = 32
  static let alignment = 8
  static let syncWord: UInt32 = 0x3152_4A4B
  static let schema: UInt16 = 1

  var kind: RecordKind? { RecordKind(rawValue: type) }

  /// The bytes from the start of the record to the start of the next.
  var recordBytes: Int { Self.recordBytes(payload: length) }

  /// The last sequence that was durable when this record was written.
  var durableSequence: UInt64 { sequence > UInt64(lag) ? sequence - UInt64(lag) : 0 }

  static func recordBytes(payload: Int) -> Int { (byteCount + payload + alignment - 1) / alignment * alignment }

  /// Reads the header at `index` of `bytes`, which hold the 32 bytes.
  /// - Returns: nil unless the header was written for this journal and for `offset` of a segment.
  init?(_ bytes: [UInt8], at index: Int, journal: JournalID, offset: Int) {
    guard bytes.field(index) == Self.syncWord,
      bytes.field(index + 4)
        == Checksum.ofHeader(bytes.span.extracting(index + 8..<index + Self.byteCount), journal: journal, offset: offset)
    else { return nil }
    let length: UInt32 = bytes.field(index + 8)
    guard length <= LogConfiguration.payloadBytesLimit else { return nil }
    self.length = Int(length)
    type = bytes[index + 12]
    flags = bytes[index + 13]
    schema = bytes.field(index + 14)
    sequence = bytes.field(index + 16)
    payloadChecksum = bytes.field(index + 24)
    lag = bytes.field(index + 28)
  }

  init(length: Int, form: RecordForm, sequence: UInt64, payloadChecksum: UInt32, lag: UInt32) {
    self.length = length
    type = form.type
    flags = form.flags
    schema = form.schema
    self.sequence = sequence
    self.payloadChecksum = payloadChecksum
    self.lag = lag
  }

  /// Writes the header into the 32 bytes at `index`, to lie at `offset` of its segment.
  func encode(into bytes: inout [UInt8], at index: Int, journal: JournalID, offset: Int) {
    bytes.setField(index, Self.syncWord)
    bytes.setField(index + 8, UInt32(length))
    bytes[index + 12] = type
    bytes[index + 13] = flags
    bytes.setField(index + 14, schema)
    bytes.setField(index + 16, sequence)
    bytes.setField(index + 24, payloadChecksum)
    bytes.setField(index + 28, lag)
    bytes.setField(
      index + 4, Checksum.ofHeader(bytes.span.extracting(index + 8..<index + Self.byteCount), journal: journal, offset: offset))
  }
}

/// What a record is and how its payload is written; also of types that this version does not know.
struct RecordForm: Hashable, Sendable {
  var type: UInt8
  var flags: UInt8
  var schema: UInt16

  init(_ kind: RecordKind) {
    type = kind.rawValue
    flags = 0
    schema = RecordHeader.schema
  }

  init(_ header: RecordHeader) {
    type = header.type
    flags = header.flags
    schema = header.schema
  }
}
