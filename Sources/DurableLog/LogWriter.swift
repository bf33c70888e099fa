import Clocks

/// Writes batches to the last segment and moves on to the next. Lives on the log's queue.
///
/// Zeros are written ahead of the records, and a spare file of them is kept for the next segment: a batch that finds its place there
/// needs no room on the disk. Events leave it alone when the disk is full; what is left then is for records of what was done.
struct LogWriter: Sendable {
  let disk: any Disk
  let directory: String
  let clock: any WallClock
  let space: LogSpace
  let segments: OpenSegments
  private let zeros: [UInt8]
  private(set) var tail: LogTail?
  /// The segments before the last, oldest first.
  private(set) var sealed: [SealedSegment]
  private var checkpoint: CheckpointFile?
  private var spare: (file: any DiskFile, bytes: Int)?
  /// What was said when the disk was full, until there is room again.
  private(set) var full: LogError?
  private var encoder = BatchEncoder()

  private static let spareName = "spare" + Recovery.temporarySuffix
  /// What a segment keeps for its end.
  private static let endBytes = 2 * BatchEncoder.blockBytes

  init(
    _ configuration: LogConfiguration, disk: any Disk, clock: any WallClock, space: LogSpace, segments: OpenSegments,
    found: Recovery.Found
  ) {
    self.disk = disk
    self.directory = configuration.directory
    self.clock = clock
    self.space = space
    self.segments = segments
    zeros = [UInt8](repeating: 0, count: configuration.aheadBytes)
    tail = found.tail
    sealed = found.sealed
    checkpoint = found.checkpoint
  }

  /// The bytes of all files.
  var usedBytes: Int { sealed.reduce(0) { $0 + $1.byteCount } + (tail?.fileBytes ?? 0) + (spare?.bytes ?? 0) }

  /// Whether there is room for more. After the disk was full there is none before the reserve for it is whole again.
  mutating func room() throws(LogError) -> LogRoom {
    if let full, space.reserveBytes > 0, spare == nil { return .none(full) }
    full = nil
    return space.room(used: usedBytes, free: try freeBytes())
  }

  private func freeBytes() throws(LogError) -> Int {
    do { return try disk.space(directory).free } catch { throw .disk(error) }
  }

  // MARK: Batches

  /// Writes `batch` with one write and one sync.
  /// - Parameter usesReserve: whether the batch may take what is kept for a full disk.
  /// - Returns: the positions, and the bytes written. On `.diskFull` nothing of the batch is left; on `.failed` nobody can say.
  mutating func commit(_ batch: ArraySlice<PendingAppend>, usesReserve: Bool) throws(LogError) -> (
    positions: [LogPosition], bytes: Int
  ) {
    do throws(LogError) {
      return try write(batch)
    } catch {
      guard case .diskFull = error else { throw error }
      full = error
      guard usesReserve, spare != nil, tail?.end == nil else { throw error }
      try endSegment(with: .seal)
      return try write(batch)
    }
  }

  /// Writes records of another log as they are, with one write and one sync. Without any it makes sure that there is a segment.
  mutating func commit(copies: [(form: RecordForm, payload: [UInt8])]) throws(LogError) {
    var tail = try tailWithRoom(for: copies.reduce(0) { $0 + RecordHeader.recordBytes(payload: $1.payload.count) })
    encoder.begin(journal: tail.journal, at: tail.length, after: tail.lastSequence, firstSequence: tail.lastSequence + 1)
    for copy in copies { encoder.add(copy.form, copy.payload) }
    encoder.pad()
    try writeEncoded(to: &tail)
  }

  private mutating func write(_ batch: ArraySlice<PendingAppend>) throws(LogError) -> (positions: [LogPosition], bytes: Int) {
    let needed = batch.reduce(0) { $0 + RecordHeader.recordBytes(payload: $1.payload.count) }
    var tail = try tailWithRoom(for: needed)
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

  /// Writes zeros where the next `bytes` would make the file grow. They become durable with the batch that follows; where a crash
  /// leaves them without it, recovery takes them for the end of the log, which they are.
  private mutating func fillAhead(of tail: inout LogTail, for bytes: Int) throws(LogError) {
    let needed = tail.length + bytes + Self.endBytes
    guard !zeros.isEmpty, needed > tail.fileBytes else { return }
    let wanted = max(min(tail.fileBytes + zeros.count, space.segmentBytes), needed)
    if try extend(&tail, to: wanted) != nil, let error = try extend(&tail, to: needed) { throw .diskFull(error) }
  }

  /// Makes the file `length` bytes long with zeros, or leaves it as it was.
  /// - Returns: the error where there is no room for them.
  private mutating func extend(_ tail: inout LogTail, to length: Int) throws(LogError) -> DiskError? {
    var end = tail.fileBytes
    do {
      while end < length {
        let count = min(zeros.count, length - end)
        try tail.file.writeAll(zeros.span.extracting(..<count), at: end)
        end += count
      }
    } catch {
      guard error.isDiskFull else { throw .failed(error) }
      do { try tail.file.truncate(to: tail.fileBytes) } catch { throw .failed(error) }
      return error
    }
    tail.fileBytes = length
    self.tail = tail
    return nil
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

  // MARK: Segments

  /// The segment that takes `bytes` more: the last one, or a new one.
  private mutating func tailWithRoom(for bytes: Int) throws(LogError) -> LogTail {
    // Room is kept for the fill of the batch and for the SEAL.
    let needed = bytes + BatchEncoder.blockBytes + Self.endBytes
    if let tail, tail.end == nil, tail.length > SegmentHeader.byteCount, tail.length + needed > space.segmentBytes {
      try endSegment(with: .seal)
    }
    if let tail, tail.end == nil { return tail }
    guard (tail?.lastSequence ?? 0) < LogPosition.segmentLimit - 1 else { throw .exhausted }
    let next = try startSegment()
    if let tail, let end = tail.end {
      sealed.append(
        SealedSegment(firstSequence: tail.firstSequence, lastSequence: end.lastSequence, byteCount: end.byteCount))
    }
    segments.add(next.file, next.journal, firstSequence: next.firstSequence)
    tail = next
    try writeCheckpoint()
    return next
  }

  /// Ends the log in order, so that the next start knows that nothing is missing. Does nothing where it has ended.
  mutating func finish() throws(LogError) {
    guard let tail, tail.end == nil else { return }
    try endSegment(with: .clean)
    try writeCheckpoint()
  }

  /// The end takes the place of zeros, so that it needs no room; those behind it go when it is durable.
  private mutating func endSegment(with kind: RecordKind) throws(LogError) {
    guard var tail else { return }
    encoder.begin(journal: tail.journal, at: tail.length, after: tail.lastSequence, firstSequence: tail.lastSequence + 1)
    encoder.addFilling(kind)
    let checksum = Checksum.of(encoder.bytes.span)
    try writeEncoded(to: &tail)
    tail.end = SegmentEnd(lastSequence: tail.lastSequence, byteCount: tail.length, sealChecksum: checksum)
    self.tail = tail
    try cutBehindEnd()
  }

  private mutating func cutBehindEnd() throws(LogError) {
    guard let tail, tail.fileBytes > tail.length else { return }
    do {
      try tail.file.truncate(to: tail.length)
      try tail.file.sync()
    } catch {
      throw .failed(error)
    }
    self.tail?.fileBytes = tail.length
  }

  /// Makes the file under a temporary name, so that a segment that has its name has its header too.
  private mutating func startSegment() throws(LogError) -> LogTail {
    let previous = tail?.end ?? .none
    let header = SegmentHeader(
      journal: tail?.journal ?? .random(), firstSequence: previous.lastSequence + 1, previous: previous,
      created: clock.now().nanoseconds / 1_000_000)
    let path = directory + "/" + SegmentHeader.fileName(firstSequence: header.firstSequence)
    let temporary = spare == nil ? path + Recovery.temporarySuffix : directory + "/" + Self.spareName
    let fileBytes = spare?.bytes ?? SegmentHeader.byteCount
    var file: any DiskFile
    do {
      if let spare { file = spare.file } else { file = try disk.open(temporary, create: true) }
      try file.writeAll(header.encoded.span, at: 0)
    } catch {
      guard error.isShortage else { throw .failed(error) }
      // What cannot be removed is removed by the next start, or overwritten by the next attempt.
      try? disk.remove(temporary)
      spare = nil
      throw .diskFull(error)
    }
    spare = nil
    do {
      try file.sync()
      try disk.rename(temporary, to: path)
      try disk.syncDirectory(directory)
    } catch {
      // The directory could not even be opened. Nothing is in the file yet, and the next attempt puts another in its place.
      if error.isLackOfDescriptors { throw .diskFull(error) }
      throw .failed(error)
    }
    // Opened anew, so that errors name the file as it is called now.
    do {
      file = try disk.open(path, create: false)
    } catch {
      guard error.isLackOfDescriptors else { throw .failed(error) }
    }
    return LogTail(
      journal: header.journal, firstSequence: header.firstSequence, file: file, length: SegmentHeader.byteCount,
      fileBytes: fileBytes, lastSequence: previous.lastSequence)
  }

  /// Makes the file that the next segment will be, unless there is one. Without room for it there is none.
  mutating func prepareSpare() throws(LogError) {
    guard spare == nil, space.reserveBytes > 0, tail != nil,
      try freeBytes() >= space.reserveBytes + space.refusalFreeBytes
    else { return }
    let path = directory + "/" + Self.spareName
    do {
      let file = try disk.open(path, create: true)
      var length = 0
      while length < space.reserveBytes {
        let count = min(max(zeros.count, BatchEncoder.blockBytes), space.reserveBytes - length)
        try file.writeAll([UInt8](repeating: 0, count: count).span, at: length)
        length += count
      }
      try file.sync()
      spare = (file, length)
    } catch {
      guard error.isShortage else { throw .failed(error) }
      try? disk.remove(path)
    }
  }

  /// Removes the segments whose records are all below `sequence`. What is to be kept of them must be durable elsewhere in the log.
  /// - Returns: how many went.
  mutating func removeSegments(before sequence: UInt64) throws(LogError) -> Int {
    let starts = sealed.map(\.firstSequence) + [tail?.firstSequence].compactMap(\.self)
    guard let oldest = starts.last(where: { $0 <= sequence }) else { return 0 }
    let going = sealed.prefix { $0.firstSequence < oldest }
    guard !going.isEmpty else { return 0 }
    // From here on they need not be there, and the next start removes what this one leaves.
    try writeCheckpoint(oldestSegment: oldest)
    do {
      for segment in going {
        try disk.remove(directory + "/" + SegmentHeader.fileName(firstSequence: segment.firstSequence))
        segments.remove(firstSequence: segment.firstSequence)
      }
      try disk.syncDirectory(directory)
    } catch {
      // What is not removed durably is removed by the next start.
      guard error.isLackOfDescriptors else { throw .failed(error) }
    }
    sealed.removeFirst(going.count)
    return going.count
  }

  // MARK: Checkpoints

  /// Notes durably how far the log is durable.
  mutating func writeCheckpoint() throws(LogError) {
    try writeCheckpoint(oldestSegment: sealed.first?.firstSequence ?? tail?.firstSequence ?? 1)
  }

  private mutating func writeCheckpoint(oldestSegment: UInt64) throws(LogError) {
    guard let tail else { return }
    do {
      if checkpoint == nil {
        checkpoint = try CheckpointFile.create(
          Checkpoint(
            journal: tail.journal, generation: 1, oldestSegment: oldestSegment, durableSequence: tail.lastSequence),
          in: directory, on: disk)
      } else {
        try checkpoint?.write(oldestSegment: oldestSegment, durableSequence: tail.lastSequence)
      }
    } catch {
      guard error.isShortage else { throw .failed(error) }
      // Of a log that is new: it goes on without until there is room.
      try? disk.remove(directory + "/" + Checkpoint.fileName + Recovery.temporarySuffix)
    }
  }
}

/// A segment that takes nothing more.
package struct SealedSegment: Hashable, Sendable {
  /// The sequence of its first record, which names its file.
  package let firstSequence: UInt64
  /// The sequence of its last record: the next segment begins with the one after it.
  package let lastSequence: UInt64
  package let byteCount: Int
}
