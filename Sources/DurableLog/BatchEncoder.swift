/// Lays out the records of one write in one buffer, which is used again for the next.
struct BatchEncoder: Sendable {
  private(set) var bytes: [UInt8] = []
  private(set) var nextSequence: UInt64 = 1
  /// The last sequence known durable, from which each record's lag counts.
  private var durableSequence: UInt64 = 0
  /// Where in the segment the buffer begins.
  private var start = 0
  private var journal = JournalID(high: 0, low: 0)

  static let blockBytes = 4096

  /// Starts a batch that will be written at `offset`, after everything up to `durableSequence` was synced.
  mutating func begin(journal: JournalID, at offset: Int, after durableSequence: UInt64, firstSequence: UInt64) {
    self.journal = journal
    bytes.removeAll(keepingCapacity: true)
    start = offset
    self.durableSequence = durableSequence
    nextSequence = firstSequence
  }

  /// Where in the segment the next record begins.
  var offset: Int { start + bytes.count }

  mutating func add(_ kind: RecordKind, _ payload: [UInt8]) { add(RecordForm(kind), payload) }

  mutating func add(_ form: RecordForm, _ payload: [UInt8]) {
    let index = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: RecordHeader.byteCount))
    bytes.append(contentsOf: payload)
    finish(form, at: index, checksum: Checksum.of(payload.span))
  }

  /// Fills up to the end of the block with a PAD, so that no later write touches a block that was synced.
  mutating func pad() {
    let used = offset % Self.blockBytes
    if used != 0 { addFilling(.pad) }
  }

  /// Adds a record of zeros that ends exactly with a block. The log's own kinds all look like this.
  mutating func addFilling(_ kind: RecordKind) {
    var room = Self.blockBytes - offset % Self.blockBytes
    if room < RecordHeader.byteCount { room += Self.blockBytes }
    let index = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: room))
    let checksum = Checksum.of(bytes.span.extracting(index + RecordHeader.byteCount..<bytes.count))
    finish(RecordForm(kind), at: index, checksum: checksum)
  }

  private mutating func finish(_ form: RecordForm, at index: Int, checksum: UInt32) {
    let length = bytes.count - index - RecordHeader.byteCount
    let remainder = bytes.count % RecordHeader.alignment
    if remainder != 0 { bytes.append(contentsOf: repeatElement(0, count: RecordHeader.alignment - remainder)) }
    let lag = UInt32(clamping: nextSequence - durableSequence)
    RecordHeader(length: length, form: form, sequence: nextSequence, payloadChecksum: checksum, lag: lag)
      .encode(into: &bytes, at: index, journal: journal, offset: start + index)
    nextSequence += 1
  }
}
