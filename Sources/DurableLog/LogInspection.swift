/// Looks at a log without opening it: what `Recovery` would refuse, all of it, and every record that can be read.
///
/// It says "sound" of exactly those logs that `Recovery` opens. Nothing is written, so that it also works on a copy or on a volume that
/// is mounted for reading.
package struct LogInspection {
  package enum Finding: Sendable {
    case record(InspectedRecord)
    case damage(LogDamage)
  }

  private let files: LogFiles
  private var survey: LogSurvey
  /// How the member before ended; `end` is nil where that cannot be read.
  private var previous: (name: String, end: SegmentEnd?)?

  /// Goes through the log in `directory` and shows `visit` its records and its damage, file by file.
  ///
  /// Blocks for as long as reading takes, in memory that does not grow with the log. A server cannot start meanwhile.
  /// - Throws: `LogError` — `.locked` while a server has the log, `.noLog`, `.unsupported`, `.disk` — or what `visit` throws.
  package static func run(
    _ directory: String, disk: some Disk = SystemDisk(), visit: (Finding) throws -> Void = { _ in }
  ) throws -> LogSurvey {
    try withReadingLock(on: directory, disk: disk) { try look(at: directory, disk: disk, visit: visit) }
  }

  /// Runs `body` while no server can have the log. Where there is no file to lock there was none.
  static func withReadingLock<Result>(
    on directory: String, disk: any Disk, _ body: () throws -> Result
  ) throws -> Result {
    var lock: (any Sendable)?
    do {
      lock = try disk.lockForReading(directory + "/" + LogFiles.lockName)
      guard lock != nil else { throw LogError.locked(directory: directory) }
    } catch let error as DiskError {
      guard error.isAbsent else { throw LogError.disk(error) }
    }
    return try withExtendedLifetime(lock) { try body() }
  }

  /// The same for one who has the lock.
  static func look(at directory: String, disk: any Disk, visit: (Finding) throws -> Void = { _ in }) throws -> LogSurvey {
    var inspection = LogInspection(try LogFiles(in: directory, on: disk))
    inspection.survey.hasUnfinishedRepair = try UnfinishedRepair.find(in: directory, on: disk) != nil
    try inspection.run(visit)
    return inspection.survey
  }

  private init(_ files: LogFiles) {
    self.files = files
    survey = LogSurvey(directory: files.directory)
    guard let checkpoint = files.checkpoint else { return }
    survey.durableSequence = checkpoint.durableSequence
    survey.checkpoint = LogSurvey.Mark(
      generation: checkpoint.generation, oldestSegment: checkpoint.oldestSegment, durableSequence: checkpoint.durableSequence)
  }

  private mutating func run(_ visit: (Finding) throws -> Void) throws {
    let oldest = files.checkpoint.map { SegmentHeader.fileName(firstSequence: $0.oldestSegment) } ?? ""
    let segments = files.segments.filter { $0.name >= oldest }
    survey.leftovers = files.segments.filter { $0.name < oldest }.map(\.name)
    let members = segments.filter(\.isMember)
    if files.hasCheckpointOfAnother {
      try report(Checkpoint.fileName, 12, "it belongs to another log than the segments", visit)
    }
    let isOldestMissing = try checkOldest(oldest, members, visit)
    for segment in segments {
      switch segment.place {
      case .otherLog: try report(segment.name, 16, "the segment belongs to another log", visit)
      case .renamed: try report(segment.name, 32, "the segment has the name of another", visit)
      case .member, .unreadable:
        try checkChain(segment, isFirst: segment == members.first && !isOldestMissing, visit)
        let successor = members.first { $0.name > segment.name }
        try inspect(segment, successor: successor?.claimedSequence, visit)
        continue
      }
      try showStray(segment, visit)
    }
  }

  private mutating func report(
    _ segment: String, _ offset: Int, _ reason: String, lost: ClosedRange<UInt64>? = nil, _ visit: (Finding) throws -> Void
  ) throws {
    let damage = LogDamage(segment: segment, offset: offset, reason: reason, lost: lost)
    survey.damages.append(damage)
    try visit(.damage(damage))
  }

  // MARK: - Between the segments

  private mutating func checkOldest(
    _ name: String, _ members: [FoundSegment], _ visit: (Finding) throws -> Void
  ) throws -> Bool {
    guard let checkpoint = files.checkpoint, !files.segments.contains(where: { $0.name == name }) else { return false }
    let next = members.first.map { $0.claimedSequence &- 1 } ?? max(checkpoint.durableSequence, checkpoint.oldestSegment)
    try report(
      name, 0, "the segment is missing, though \(Checkpoint.fileName) names it",
      lost: .sequences(from: checkpoint.oldestSegment, to: next), visit)
    return true
  }

  private mutating func checkChain(_ segment: FoundSegment, isFirst: Bool, _ visit: (Finding) throws -> Void) throws {
    guard let header = segment.header else {
      return try report(segment.name, 0, "the segment header is damaged", visit)
    }
    if let previous {
      guard let end = previous.end, header.previous != end || header.firstSequence != end.lastSequence &+ 1 else { return }
      try report(
        segment.name, 40,
        "the segment does not follow \(previous.name): one between them is missing, or that one is not the original",
        lost: .sequences(from: end.lastSequence &+ 1, to: header.firstSequence &- 1), visit)
    } else if isFirst {
      let first = files.checkpoint?.oldestSegment ?? 1
      guard header.firstSequence != first || header.previous.lastSequence != first &- 1 else { return }
      try report(
        segment.name, 40, "the segments before this one are missing",
        lost: .sequences(from: first, to: header.firstSequence &- 1), visit)
    }
  }

  // MARK: - In a segment

  /// - Parameter successor: the first sequence of the next segment; nil for the last.
  private mutating func inspect(_ segment: FoundSegment, successor: UInt64?, _ visit: (Finding) throws -> Void) throws {
    previous = (segment.name, nil)
    let file = try files.open(segment)
    var part = LogSurvey.Segment(
      name: segment.name, firstSequence: segment.header?.firstSequence ?? segment.claimedSequence,
      lastSequence: segment.claimedSequence &- 1, byteCount: segment.byteCount, usedBytes: SegmentHeader.byteCount)
    let damagesBefore = survey.damages.count
    var limit: Int?
    if successor == nil, let header = segment.header {
      var reader = segment.reader(file, header.journal)
      limit = try soundEnd(of: &reader, header)
    }
    // A journal is needed to tell that there is nothing, too.
    let journal = segment.journal ?? files.journal ?? JournalID(high: 0, low: 0)
    var walk = SegmentWalk(segment.reader(file, journal), after: segment.floor, limit: limit)
    let brokenAt = try show(&walk, of: segment, &part, visit)
    let end = try walk.end()
    try checkEnd(&walk, of: segment, brokenAt, successor: successor, last: part.lastSequence, visit)
    previous = (segment.name, end)
    part.usedBytes = brokenAt ?? walk.offset
    part.end = walk.terminal.map { $0.header.kind == .clean ? .clean : .sealed } ?? (successor == nil ? .open : .unknown)
    if let first = file.unreadableOffsets.first {
      try report(segment.name, first, "\(file.unreadableOffsets.count) blocks of 4096 bytes cannot be read from the disk", visit)
    }
    part.isDamaged = segment.header == nil || survey.damages.count > damagesBefore
    survey.segments.append(part)
  }

  /// Where the last segment's whole records end; nil where some of them are missing. These are the rules of `Recovery`.
  private mutating func soundEnd(of reader: inout SegmentReader, _ header: SegmentHeader) throws -> Int? {
    var scan = try SegmentScan(&reader, firstSequence: header.firstSequence)
    if scan.terminal == nil { try scan.searchBeyondEnd(&reader) }
    survey.durableSequence = max(survey.durableSequence, scan.durableSequence)
    return scan.lastSequence < survey.durableSequence ? nil : scan.end
  }

  /// Shows what can be read, and the damage between.
  /// - Returns: where the rest begins in which there is no record, if there is one.
  private mutating func show(
    _ walk: inout SegmentWalk, of segment: FoundSegment, _ part: inout LogSurvey.Segment, _ visit: (Finding) throws -> Void
  ) throws -> Int? {
    var expected = part.firstSequence
    while let step = try walk.next() {
      switch step {
      case .hole(let offset, let next):
        guard let next else { return offset }
        try report(
          segment.name, offset, "a record is damaged", lost: .sequences(from: expected, to: next.sequence &- 1), visit)
        expected = next.sequence
      case .damagedRecord(let header, let offset):
        try checkSequence(header, expected, offset, of: segment, visit)
        let kind = header.kind.map { "\($0)" } ?? "type \(header.type)"
        try report(
          segment.name, offset, "the payload of record \(header.sequence) (\(kind)) is damaged",
          lost: header.sequence...header.sequence, visit)
        note(header, &part, &expected)
      case .record(let header, let offset, let payload, let isFillDamaged):
        try SegmentScan.checkSupported(header, at: offset, of: segment.name)
        try checkSequence(header, expected, offset, of: segment, visit)
        if isFillDamaged { try report(segment.name, offset, "the fill behind record \(header.sequence) is damaged", visit) }
        note(header, &part, &expected)
        part.records += 1
        survey.records[header.type, default: 0] += 1
        try visit(.record(InspectedRecord(header, payload, at: offset, of: segment)))
      }
    }
    return nil
  }

  private mutating func checkSequence(
    _ header: RecordHeader, _ expected: UInt64, _ offset: Int, of segment: FoundSegment, _ visit: (Finding) throws -> Void
  ) throws {
    guard header.sequence != expected else { return }
    try report(
      segment.name, offset, "records are missing", lost: .sequences(from: expected, to: header.sequence &- 1), visit)
  }

  private mutating func note(_ header: RecordHeader, _ part: inout LogSurvey.Segment, _ expected: inout UInt64) {
    survey.durableSequence = max(survey.durableSequence, header.durableSequence)
    part.lastSequence = header.sequence
    expected = header.sequence &+ 1
  }

  private mutating func checkEnd(
    _ walk: inout SegmentWalk, of segment: FoundSegment, _ brokenAt: Int?, successor: UInt64?, last: UInt64,
    _ visit: (Finding) throws -> Void
  ) throws {
    let end = brokenAt ?? walk.offset
    let isRestZero = try walk.isZero(from: end)
    if let successor {
      if walk.terminal == nil {
        try report(segment.name, end, "a record is damaged", lost: .sequences(from: last &+ 1, to: successor &- 1), visit)
      } else if end != segment.byteCount {
        try report(segment.name, end, "there are bytes after the end of the segment", visit)
      }
    } else if last < survey.durableSequence {
      try report(
        segment.name, end, "a record is damaged or missing", lost: .sequences(from: last &+ 1, to: survey.durableSequence), visit)
    } else if !isRestZero {
      if walk.terminal == nil {
        survey.tornTail = LogSurvey.TornTail(segment: segment.name, offset: end, bytes: segment.byteCount - end)
      } else {
        try report(segment.name, end, "there are bytes after the end of the segment", visit)
      }
    }
  }

  /// Shows what can be read of a file that is no part of the log.
  private func showStray(_ segment: FoundSegment, _ visit: (Finding) throws -> Void) throws {
    guard let journal = segment.journal else { return }
    var walk = SegmentWalk(segment.reader(try files.open(segment), journal), after: segment.floor)
    while let step = try walk.next() {
      guard case .record(let header, let offset, let payload, _) = step else { continue }
      try visit(.record(InspectedRecord(header, payload, at: offset, of: segment)))
    }
  }
}

extension ClosedRange<UInt64> {
  /// nil where there is nothing between the two.
  static func sequences(from first: UInt64, to last: UInt64) -> ClosedRange? { first <= last ? first...last : nil }
}
