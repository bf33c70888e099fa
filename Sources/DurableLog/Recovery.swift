/// Opens what is on the disk: checks all of it, cuts a torn tail, refuses damage, replays.
///
/// With D the last sequence proven durable, L the last of the unbroken run of whole records and V its end, the last segment is:
///
/// | L and D | from V on | ends with SEAL or CLEAN | it is | and we |
/// |---|---|---|---|---|
/// | L < D | anything | no | damaged | refuse, naming L+1...D |
/// | L >= D | nothing, or zeros | no | whole | write it again, for the records after D may not be durable |
/// | L >= D | other bytes | no | torn | keep a copy of the bytes, then as above without them |
/// | L >= D | nothing, or zeros | yes | ended | write the last record again if L > D, go on in a new segment |
/// | L >= D | other bytes | yes | damaged | refuse |
///
/// D is the highest of what the CHECKPOINT says and what whole headers prove, in the last segment and behind V. The first segment must be
/// the one that the CHECKPOINT names, older ones are what retention had no time to remove. Without a CHECKPOINT that can be read, only the
/// headers count and the first segment must be number 1.
///
/// Every other segment must be whole, end with SEAL or CLEAN, and be what its successor remembers.
///
/// Each step leaves a directory that the same rules bring to the same end, so recovery may be killed at any point and run again.
/// The last segment is written to a temporary file and renamed, never changed in place: whoever was killed, or was told that a
/// sync failed, leaves pages that read well and were never written, and writing them anew is the only cure.
struct Recovery {
  let disk: any Disk
  let directory: String
  private(set) var report = RecoveryReport()
  /// What the checkpoint says of it.
  private var durableSequence: UInt64 = 0

  static let temporarySuffix = ".tmp"

  init(disk: any Disk, directory: String) {
    self.disk = disk
    self.directory = directory
  }

  /// What there is to go on with.
  struct Found {
    /// The segments before the last, oldest first.
    var sealed: [SealedSegment] = []
    /// The last segment; nil for a new log.
    var tail: LogTail?
    /// nil where there is none that can be read.
    var checkpoint: CheckpointFile?
  }

  /// - Returns: what the directory holds. All segments are in `segments`.
  /// - Throws: `LogError`, or what `replay` throws.
  mutating func run(into segments: OpenSegments, replay: (borrowing LogRecord) throws -> Void) throws -> Found {
    var found = Found()
    let names = try prepareDirectory(&found)
    durableSequence = found.checkpoint?.current.durableSequence ?? 0
    var previous: (name: String, end: SegmentEnd, journal: JournalID)?
    for (index, name) in names.enumerated() {
      let file = try diskCall { () throws(DiskError) in try disk.open(path(name), create: false) }
      let size = try diskCall { () throws(DiskError) in try file.size() }
      let header = try checkedHeader(of: file, name: name)
      try check(header, name: name, follows: previous, found.checkpoint?.current)
      var reader = SegmentReader(name: name, file: file, journal: header.journal, size: size)
      if index < names.count - 1 {
        let scan = try SegmentScan(&reader, firstSequence: header.firstSequence) { record, offset, reader in
          try show(record, offset, &reader, of: header.firstSequence, to: replay)
        }
        segments.add(file, header.journal, firstSequence: header.firstSequence)
        previous = (name, try checkedEnd(of: scan, &reader, lastSequence: successor(of: index, in: names)), header.journal)
        found.sealed.append(
          SealedSegment(firstSequence: header.firstSequence, lastSequence: scan.lastSequence, byteCount: size))
      } else {
        let last = try settle(&reader, header)
        var reader = SegmentReader(name: name, file: last.file, journal: header.journal, size: last.length)
        _ = try SegmentScan(&reader, firstSequence: header.firstSequence) { record, offset, reader in
          try show(record, offset, &reader, of: header.firstSequence, to: replay)
        }
        segments.add(last.file, header.journal, firstSequence: header.firstSequence)
        report.lastSequence = last.lastSequence
        found.tail = last
      }
    }
    report.segments = names.count
    return found
  }

  // MARK: - The directory

  /// Makes the names durable before anything is concluded from them, removes files that were never completed, and segments that
  /// retention had given up.
  private mutating func prepareDirectory(_ found: inout Found) throws(LogError) -> [String] {
    let all = try diskCall { () throws(DiskError) in
      try disk.syncDirectory(directory)
      let all = try disk.list(directory)
      for name in all where name.hasSuffix(Self.temporarySuffix) { try disk.remove(path(name)) }
      return all
    }
    let names = all.filter { SegmentHeader.firstSequence(fileName: $0) != nil }.sorted()
    guard all.contains(Checkpoint.fileName) else {
      report.isCheckpointMissing = !names.isEmpty
      return names
    }
    found.checkpoint = try CheckpointFile.open(in: directory, on: disk)
    report.isCheckpointMissing = found.checkpoint == nil
    guard let checkpoint = found.checkpoint?.current else { return names }
    let oldest = SegmentHeader.fileName(firstSequence: checkpoint.oldestSegment)
    guard names.contains(oldest) else {
      let lost = checkpoint.oldestSegment...max(checkpoint.oldestSegment, checkpoint.durableSequence)
      throw damage(oldest, 0, "the segment is missing, though \(Checkpoint.fileName) names it", lost: lost)
    }
    let leftovers = names.prefix { $0 != oldest }
    try diskCall { () throws(DiskError) in for name in leftovers { try disk.remove(path(name)) } }
    return Array(names.dropFirst(leftovers.count))
  }

  private func path(_ name: String) -> String { directory + "/" + name }

  /// The last sequence that the segment at `index` must have, by the name of the next.
  private func successor(of index: Int, in names: [String]) -> UInt64 {
    (SegmentHeader.firstSequence(fileName: names[index + 1]) ?? 1) &- 1
  }

  // MARK: - Whole segments

  private func checkedHeader(of file: any DiskFile, name: String) throws(LogError) -> SegmentHeader {
    let bytes = try diskCall { () throws(DiskError) in try file.readAll(SegmentHeader.byteCount, at: 0) }
    guard let header = try SegmentHeader(bytes, segment: name) else { throw damage(name, 0, "the segment header is damaged") }
    return header
  }

  private func check(
    _ header: SegmentHeader, name: String, follows previous: (name: String, end: SegmentEnd, journal: JournalID)?,
    _ checkpoint: Checkpoint?
  ) throws(LogError) {
    if let checkpoint, checkpoint.journal != header.journal {
      throw damage(name, 16, "the segment belongs to another log than \(Checkpoint.fileName)")
    }
    guard SegmentHeader.fileName(firstSequence: header.firstSequence) == name, header.firstSequence > 0 else {
      throw damage(name, 32, "the segment has the name of another")
    }
    if let previous {
      guard header.journal == previous.journal else { throw damage(name, 16, "the segment belongs to another log") }
      guard header.previous == previous.end, header.firstSequence == previous.end.lastSequence &+ 1 else {
        throw damage(
          name, 40, "the segment does not follow \(previous.name): one between them is missing, or that one is not the original")
      }
    } else {
      // Where there is no checkpoint nothing says that segments before this one may be gone.
      let first = checkpoint?.oldestSegment ?? 1
      guard header.firstSequence == first, header.previous.lastSequence == first - 1 else {
        let lost = header.firstSequence > first ? first...header.firstSequence - 1 : nil
        throw damage(name, 40, "the segments before this one are missing", lost: lost)
      }
    }
  }

  /// The end of a segment that has a successor.
  private func checkedEnd(of scan: SegmentScan, _ reader: inout SegmentReader, lastSequence: UInt64) throws(LogError)
    -> SegmentEnd
  {
    guard scan.end == reader.size || scan.terminal == nil else { throw behindEnd(scan, reader) }
    guard scan.terminal != nil else {
      let lost = scan.lastSequence < lastSequence ? scan.lastSequence + 1...lastSequence : nil
      throw damage(reader.name, scan.end, "a record is damaged", lost: lost)
    }
    return try end(of: scan, &reader)
  }

  private func end(of scan: SegmentScan, _ reader: inout SegmentReader) throws(LogError) -> SegmentEnd {
    guard let terminal = scan.terminal else { return .none }
    let bytes = try reader.bytes(terminal.header.recordBytes, at: terminal.offset)
    return SegmentEnd(lastSequence: scan.lastSequence, byteCount: scan.end, sealChecksum: Checksum.of(bytes.span))
  }

  // MARK: - The last segment

  /// Decides by the table above what the last segment is, and makes durable what will be replayed.
  private mutating func settle(_ reader: inout SegmentReader, _ header: SegmentHeader) throws -> LogTail {
    var scan = try SegmentScan(&reader, firstSequence: header.firstSequence)
    var tail = LogTail(
      journal: header.journal, firstSequence: header.firstSequence, file: reader.file, length: scan.end,
      fileBytes: scan.end, lastSequence: scan.lastSequence)
    try checkDurable(scan, reader)
    if let terminal = scan.terminal {
      guard try reader.isZero(from: scan.end) else { throw behindEnd(scan, reader) }
      tail.end = try end(of: scan, &reader)
      report.wasClosed = terminal.header.kind == .clean
      report.tail = .ended
      // The record before the last one was synced before that was written, so only the last one, which holds nothing, may be in doubt.
      // Where it is not it stays untouched: a write that power cuts short destroys what was there.
      let bytes = try reader.bytes(terminal.header.recordBytes, at: terminal.offset)
      try diskCall { () throws(DiskError) in
        if durableSequence < terminal.header.sequence { try tail.file.writeAll(bytes.span, at: terminal.offset) }
        if reader.size > scan.end { try tail.file.truncate(to: scan.end) }
        try tail.file.sync()
      }
      return tail
    }
    report.wasClosed = false
    report.tail = .whole
    try scan.searchBeyondEnd(&reader)
    try checkDurable(scan, reader)
    if try !reader.isZero(from: scan.end) {
      report.tail = .torn
      report.tornTail = try TornTails(disk: disk, directory: directory).keep(&reader, from: scan.end)
    }
    if reader.size != scan.end || scan.lastSequence > scan.durableSequence { try rewrite(&reader, scan, &tail) }
    return tail
  }

  /// Whether all that was durable is among the whole records.
  private func checkDurable(_ scan: SegmentScan, _ reader: SegmentReader) throws(LogError) {
    let durable = max(scan.durableSequence, durableSequence)
    guard scan.lastSequence < durable else { return }
    throw damage(reader.name, scan.end, "a record is damaged or missing", lost: scan.lastSequence + 1...durable)
  }

  private func behindEnd(_ scan: SegmentScan, _ reader: SegmentReader) -> LogError {
    damage(reader.name, scan.end, "there are bytes after the end of the segment")
  }

  /// Puts a copy of the whole records in the place of the segment, filled up to a block.
  private mutating func rewrite(_ reader: inout SegmentReader, _ scan: SegmentScan, _ tail: inout LogTail) throws(LogError) {
    let temporary = path(reader.name) + Self.temporarySuffix
    let file = try diskCall { () throws(DiskError) in try disk.open(temporary, create: true) }
    var offset = 0
    while offset < scan.end {
      let bytes = try reader.bytes(min(scan.end - offset, 1 << 20), at: offset)
      try diskCall { () throws(DiskError) in try file.writeAll(bytes.span, at: offset) }
      offset += bytes.count
    }
    var fill = BatchEncoder()
    fill.begin(journal: reader.journal, at: scan.end, after: scan.durableSequence, firstSequence: scan.lastSequence + 1)
    fill.pad()
    let renamed = try diskCall { () throws(DiskError) in
      try file.writeAll(fill.bytes.span, at: scan.end)
      try file.sync()
      try disk.rename(temporary, to: path(reader.name))
      try disk.syncDirectory(directory)
      return try disk.open(path(reader.name), create: false)
    }
    report.rewrittenRecords = scan.lastSequence - scan.durableSequence
    tail = LogTail(
      journal: reader.journal, firstSequence: tail.firstSequence, file: renamed,
      length: scan.end + fill.bytes.count, fileBytes: scan.end + fill.bytes.count, lastSequence: fill.nextSequence - 1)
  }

  // MARK: - Replay

  private mutating func show(
    _ record: RecordHeader, _ offset: Int, _ reader: inout SegmentReader, of segment: UInt64,
    to replay: (borrowing LogRecord) throws -> Void
  ) throws {
    guard let kind = record.kind, !kind.isInternal else { return }
    guard let position = LogPosition(segment: segment, offset: offset) else {
      throw damage(reader.name, offset, "the segment is longer than a segment can be")
    }
    report.records += 1
    let payload = try reader.bytes(record.length, at: offset + RecordHeader.byteCount)
    try replay(LogRecord(position: position, sequence: record.sequence, kind: kind, payload: payload))
  }

  private func damage(_ segment: String, _ offset: Int, _ reason: String, lost: ClosedRange<UInt64>? = nil) -> LogError {
    .corrupt(LogDamage(segment: segment, offset: offset, reason: reason, lost: lost))
  }
}

/// Runs calls on the disk whose failure ends what is being done.
func diskCall<Result>(_ body: () throws(DiskError) -> Result) throws(LogError) -> Result {
  do { return try body() } catch { throw .disk(error) }
}
