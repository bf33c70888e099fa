/// What the log remembers outside its segments: which of them must be there, and how far they were durable.
///
/// The segments prove most of that themselves: each record tells how far the log was durable before it. They cannot prove that of the
/// last batch, nor that a file was cut short or is missing at either end.
struct Checkpoint: Hashable, Sendable {
  let journal: JournalID
  /// Counts the writes; of two slots the higher one is the newer.
  var generation: UInt64
  /// The first sequence of the oldest segment that must be there; retention removes those before it.
  var oldestSegment: UInt64
  /// The last sequence known durable.
  var durableSequence: UInt64

  static let fileName = "CHECKPOINT"
  static let slotBytes = 4096
  static let magic: [UInt8] = [0x89, 0x43, 0x48, 0x4B, 0x0D, 0x0A, 0x1A, 0x0A]
  static let major: UInt16 = 1
  private static let checkedBytes = 52

  /// Where in the file this checkpoint belongs. The other slot stays as it is, so that a write cut short loses nothing.
  var offset: Int { generation % 2 == 0 ? 0 : Self.slotBytes }

  var encoded: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.slotBytes)
    bytes.replaceSubrange(0..<8, with: Self.magic)
    bytes.setField(8, Self.major)
    bytes.setField(12, journal.high)
    bytes.setField(20, journal.low)
    bytes.setField(28, generation)
    bytes.setField(36, oldestSegment)
    bytes.setField(44, durableSequence)
    bytes.setField(52, Checksum.of(bytes.span.extracting(..<Self.checkedBytes)))
    return bytes
  }

  init(journal: JournalID, generation: UInt64, oldestSegment: UInt64, durableSequence: UInt64) {
    self.journal = journal
    self.generation = generation
    self.oldestSegment = oldestSegment
    self.durableSequence = durableSequence
  }

  /// The newer of the two slots in `bytes`; nil where none can be read.
  static func newest(in bytes: [UInt8]) throws(LogError) -> Checkpoint? {
    var newest: Checkpoint?
    for start in [0, slotBytes] {
      guard let found = try Checkpoint(Array(bytes.dropFirst(start).prefix(slotBytes))) else { continue }
      if newest.map({ $0.generation < found.generation }) ?? true { newest = found }
    }
    return newest
  }

  /// Reads a slot.
  /// - Returns: nil where it does not hold a checkpoint that was written whole.
  /// - Throws: `.unsupported` for another major version.
  init?(_ slot: [UInt8]) throws(LogError) {
    guard slot.count == Self.slotBytes, Array(slot[..<8]) == Self.magic,
      slot.field(52) == Checksum.of(slot.span.extracting(..<Self.checkedBytes)),
      slot.span.extracting((Self.checkedBytes + 4)...).isZero
    else { return nil }
    let major: UInt16 = slot.field(8)
    guard major == Self.major else { throw .unsupported(segment: Self.fileName, offset: 8, what: "format \(major)") }
    journal = JournalID(high: slot.field(12), low: slot.field(20))
    generation = slot.field(28)
    oldestSegment = slot.field(36)
    durableSequence = slot.field(44)
  }
}

/// The file `CHECKPOINT`: two slots that are written in turn.
struct CheckpointFile: Sendable {
  private let file: any DiskFile
  /// The newest that is there.
  private(set) var current: Checkpoint

  /// Makes the file anew, with `checkpoint` in it.
  static func create(_ checkpoint: Checkpoint, in directory: String, on disk: any Disk) throws(DiskError) -> CheckpointFile {
    let path = directory + "/" + Checkpoint.fileName
    let temporary = path + Recovery.temporarySuffix
    let file = try disk.open(temporary, create: true)
    try file.writeAll([UInt8](repeating: 0, count: 2 * Checkpoint.slotBytes).span, at: 0)
    try file.writeAll(checkpoint.encoded.span, at: checkpoint.offset)
    try file.sync()
    try disk.rename(temporary, to: path)
    try disk.syncDirectory(directory)
    return CheckpointFile(file: try disk.open(path, create: false), current: checkpoint)
  }

  /// Opens the file that is in the directory.
  /// - Returns: nil where it holds no checkpoint that can be read.
  static func open(in directory: String, on disk: any Disk) throws(LogError) -> CheckpointFile? {
    let (file, bytes) = try diskCall { () throws(DiskError) in
      let file = try disk.open(directory + "/" + Checkpoint.fileName, create: false)
      return (file, try file.readAll(2 * Checkpoint.slotBytes, at: 0))
    }
    return try Checkpoint.newest(in: bytes).map { CheckpointFile(file: file, current: $0) }
  }

  /// Writes the next checkpoint and makes it durable. Does nothing where nothing has changed.
  mutating func write(oldestSegment: UInt64, durableSequence: UInt64) throws(DiskError) {
    guard current.oldestSegment != oldestSegment || current.durableSequence != durableSequence else { return }
    let isRemoval = oldestSegment > current.oldestSegment
    try writeNext(oldestSegment: oldestSegment, durableSequence: durableSequence)
    // Segments go when this is written: either slot must do without them.
    if isRemoval { try writeNext(oldestSegment: oldestSegment, durableSequence: durableSequence) }
  }

  private mutating func writeNext(oldestSegment: UInt64, durableSequence: UInt64) throws(DiskError) {
    var next = current
    next.generation += 1
    next.oldestSegment = oldestSegment
    next.durableSequence = durableSequence
    try file.writeAll(next.encoded.span, at: next.offset)
    try file.sync()
    current = next
  }
}
