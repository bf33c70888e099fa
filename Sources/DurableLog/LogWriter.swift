import Clocks

/// Writes batches to the last segment and moves on to the next. Lives on the log's queue.
struct LogWriter: Sendable {
  let disk: any Disk
  let directory: String
  let clock: any WallClock
  let segmentBytes: Int
  let segments: OpenSegments
  private let zeros: [UInt8]
  private(set) var tail: LogTail?
  private var encoder = BatchEncoder()

  init(_ configuration: LogConfiguration, disk: any Disk, clock: any WallClock, segments: OpenSegments, tail: LogTail?) {
    self.disk = disk
    self.directory = configuration.directory
    self.clock = clock
    self.segmentBytes = configuration.boundedSegmentBytes
    self.segments = segments
    self.zeros = [UInt8](repeating: 0, count: configuration.aheadBytes)
    self.tail = tail
  }

  /// Writes `batch` with one write and one sync.
  /// - Returns: the positions, and the bytes written. On `.diskFull` nothing of the batch is left; on `.failed` nobody can say.
  mutating func commit(_ batch: ArraySlice<PendingAppend>) throws(LogError) -> (positions: [LogPosition], bytes: Int) {
    let needed = batch.reduce(0) { $0 + RecordHeader.recordBytes(payload: $1.payload.count) }
    var tail = try tailWithRoom(for: needed, records: batch.count)
    encoder.begin(journal: tail.journal, at: tail.length, after: tail.lastSequence, firstSequence: tail.lastSequence + 1)
    var positions: [LogPosition] = []
    positions.reserveCapacity(batch.count)
    for append in batch {
      guard let position = LogPosition(segment: tail.firstSequence, offset: encoder.offset) else { throw .exhausted }
      positions.append(position)
      encoder.add(append.kind, append.payload)
    }
    encoder.pad()
    try fillAhead(of: &tail, for: encoder.bytes.count)
    try writeEncoded(to: &tail)
    return (positions, encoder.bytes.count)
  }

  /// Ends the log in order, so that the next start knows that nothing is missing. Does nothing where it has ended.
  mutating func finish() throws(LogError) {
    guard let tail, tail.end == nil else { return }
    try endSegment(with: .clean)
  }

  /// The segment that takes `bytes` more: the last one, or a new one.
  private mutating func tailWithRoom(for bytes: Int, records: Int) throws(LogError) -> LogTail {
    // Room is kept for the fill of the batch and for the SEAL.
    let needed = bytes + 3 * BatchEncoder.blockBytes
    if let tail, tail.end == nil, tail.length > SegmentHeader.byteCount, tail.length + needed > segmentBytes {
      try endSegment(with: .seal)
    }
    if let tail, tail.end == nil { return tail }
    guard (tail?.lastSequence ?? 0) < LogPosition.segmentLimit - 1 else { throw .exhausted }
    let next = try startSegment()
    segments.add(next.file, next.journal, firstSequence: next.firstSequence)
    tail = next
    return next
  }

  private mutating func endSegment(with kind: RecordKind) throws(LogError) {
    guard var tail else { return }
    if tail.fileBytes > tail.length {
      // Durably before the end is written: nothing may ever be seen behind it.
      do {
        try tail.file.truncate(to: tail.length)
        try tail.file.sync()
      } catch {
        throw .failed(error)
      }
      tail.fileBytes = tail.length
    }
    encoder.begin(journal: tail.journal, at: tail.length, after: tail.lastSequence, firstSequence: tail.lastSequence + 1)
    encoder.addFilling(kind)
    let checksum = Checksum.of(encoder.bytes.span)
    try writeEncoded(to: &tail)
    tail.end = SegmentEnd(lastSequence: tail.lastSequence, byteCount: tail.length, sealChecksum: checksum)
    self.tail = tail
  }

  /// Makes the file under a temporary name, so that a segment that has its name has its header too.
  private func startSegment() throws(LogError) -> LogTail {
    let previous = tail?.end ?? .none
    let header = SegmentHeader(
      journal: tail?.journal ?? .random(), firstSequence: previous.lastSequence + 1, previous: previous,
      created: clock.now().nanoseconds / 1_000_000)
    let path = directory + "/" + SegmentHeader.fileName(firstSequence: header.firstSequence)
    let temporary = path + Recovery.temporarySuffix
    var file: any DiskFile
    do {
      file = try disk.open(temporary, create: true)
      try file.writeAll(header.encoded.span, at: 0)
    } catch {
      guard error.isDiskFull else { throw .failed(error) }
      // What cannot be removed is removed by the next start, or overwritten by the next attempt.
      try? disk.remove(temporary)
      throw .diskFull(error)
    }
    do {
      try file.sync()
      try disk.rename(temporary, to: path)
      try disk.syncDirectory(directory)
      // Opened anew, so that errors name the file as it is called now.
      file = try disk.open(path, create: false)
    } catch {
      throw .failed(error)
    }
    return LogTail(
      journal: header.journal, firstSequence: header.firstSequence, file: file, length: SegmentHeader.byteCount,
      fileBytes: SegmentHeader.byteCount, lastSequence: previous.lastSequence)
  }

  /// Writes zeros behind the records where the next `bytes` would make the file grow. They become durable with the batch that
  /// follows; where a crash leaves them without it, recovery takes them for the end of the log, which they are.
  private mutating func fillAhead(of tail: inout LogTail, for bytes: Int) throws(LogError) {
    let end = min(tail.length + bytes + zeros.count, segmentBytes)
    guard tail.length + bytes > tail.fileBytes, end > tail.length + bytes else { return }
    // Behind the batch only: what it writes itself needs no zeros first.
    let start = tail.length + bytes
    tail.fileBytes = end
    do {
      try tail.file.writeAll(zeros.span.extracting(..<(end - start)), at: start)
    } catch {
      // Where there is no room for zeros there may still be some for records.
      guard error.isDiskFull else { throw .failed(error) }
    }
  }

  /// One write, one sync. A failed sync is never tried again: the kernel marks the pages clean, and the next sync would succeed
  /// without them.
  private mutating func writeEncoded(to tail: inout LogTail) throws(LogError) {
    do {
      try tail.file.writeAll(encoder.bytes.span, at: tail.length)
    } catch {
      guard error.isDiskFull else { throw .failed(error) }
      do { try tail.file.truncate(to: tail.length) } catch { throw .failed(error) }
      tail.fileBytes = tail.length
      self.tail = tail
      throw .diskFull(error)
    }
    do { try tail.file.sync() } catch { throw .failed(error) }
    tail.length += encoder.bytes.count
    tail.fileBytes = max(tail.fileBytes, tail.length)
    tail.lastSequence = encoder.nextSequence - 1
    self.tail = tail
  }
}
