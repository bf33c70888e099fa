/// The records of a damaged log in the order of their sequences, each once, from whichever file has it whole; and what is missing.
///
/// Whatever can be read is kept, also behind a torn place: what would prove how far the log was durable may be damaged itself, and an
/// event that was not acknowledged may appear, but none that was may be lost.
struct LogSalvage {
  enum Step {
    case record(RecordForm, payload: [UInt8])
    case gap(LogGap)
  }

  /// One file, and the record that comes next in it.
  private struct Source {
    let segment: FoundSegment
    var walk: SegmentWalk
    /// nil: the file has no more.
    var header: RecordHeader?
    /// nil: it is damaged.
    var payload: [UInt8]?
    var offset = 0

    /// Of two copies of a record the one counts that is whole, and of these the one that lies where it belongs.
    var rank: Int { (payload == nil ? 2 : 0) + (segment.isMember ? 0 : 1) }

    init(_ segment: FoundSegment, _ walk: SegmentWalk) throws(LogError) {
      self.segment = segment
      self.walk = walk
      try advance()
    }

    mutating func advance() throws(LogError) {
      header = nil
      payload = nil
      while let step = try walk.next() {
        switch step {
        case .hole: continue
        case .damagedRecord(let found, let start): (header, offset) = (found, start)
        case .record(let found, let start, let bytes, _):
          try SegmentScan.checkSupported(found, at: start, of: segment.name)
          (header, offset, payload) = (found, start, bytes)
        }
        return
      }
    }
  }

  private let files: LogFiles
  /// Not begun yet, the first at the end.
  private var waiting: [FoundSegment]
  private var active: [Source] = []
  /// The sequence that comes next.
  private var expected: UInt64
  /// The last that is proven to have been durable.
  private var durableSequence: UInt64
  private var gap: LogGap?
  /// Where the last record ended, which is where a gap begins.
  private var place: (segment: String, offset: Int)

  /// Goes through `files`, in memory that is bounded by the segments that overlap.
  /// - Throws: `LogError`, or what `visit` throws.
  static func run(_ files: LogFiles, visit: (Step) throws -> Void) throws {
    var salvage = LogSalvage(files)
    while let lowest = try salvage.begin() {
      let having = salvage.active.indices.filter { salvage.active[$0].header?.sequence == lowest }
      if let best = having.min(by: { salvage.active[$0].rank < salvage.active[$1].rank }) {
        try salvage.take(salvage.active[best], visit)
      }
      for index in having { try salvage.active[index].advance() }
      salvage.active.removeAll { $0.header == nil }
    }
    try salvage.finish(visit)
  }

  private init(_ files: LogFiles) {
    self.files = files
    waiting = files.segments.filter { $0.journal != nil && $0.journal == files.journal && $0.firstSequence != nil }
      .sorted { ($0.firstSequence ?? 0) > ($1.firstSequence ?? 0) }
    // Older ones are those that retention had no time to remove. Without a CHECKPOINT nobody can say where the log begins.
    expected = files.checkpoint?.oldestSegment ?? 1
    durableSequence = max(
      files.checkpoint?.durableSequence ?? 0, waiting.compactMap { $0.header?.previous.lastSequence }.max() ?? 0)
    place = (waiting.last?.name ?? SegmentHeader.fileName(firstSequence: expected), SegmentHeader.byteCount)
  }

  /// Begins the files that may have the next record.
  /// - Returns: its sequence; nil at the end.
  private mutating func begin() throws(LogError) -> UInt64? {
    var lowest = active.compactMap { $0.header?.sequence }.min()
    while let segment = waiting.last, let journal = segment.journal, segment.firstSequence ?? 0 <= lowest ?? .max {
      waiting.removeLast()
      let source = try Source(segment, SegmentWalk(segment.reader(try files.open(segment), journal), after: segment.floor))
      guard let first = source.header?.sequence else { continue }
      active.append(source)
      lowest = min(lowest ?? first, first)
    }
    return lowest
  }

  private mutating func take(_ source: Source, _ visit: (Step) throws -> Void) throws {
    guard let header = source.header, header.sequence >= expected else { return }
    durableSequence = max(durableSequence, header.durableSequence)
    if header.sequence > expected {
      let isBeginning = files.checkpoint == nil && expected == 1
      let reason =
        isBeginning
        ? "there is no CHECKPOINT to say whether they were removed in order"
        : source.segment.name == place.segment ? "a record is damaged" : "a segment is missing or damaged"
      try miss(expected...header.sequence - 1, reason, visit)
    }
    if let payload = source.payload {
      try flush(visit)
      if header.kind?.isInternal != true { try visit(.record(RecordForm(header), payload: payload)) }
    } else if header.kind?.isInternal == true {
      // It held nothing.
      try flush(visit)
    } else {
      place = (source.segment.name, source.offset)
      try miss(header.sequence...header.sequence, "the payload is damaged", visit)
      if gap?.records.count ?? 0 < LogGap.recordsLimit {
        gap?.records.append(LogGap.Record(sequence: header.sequence, type: header.type, byteCount: header.length))
      }
    }
    expected = header.sequence &+ 1
    place = (source.segment.name, source.walk.offset)
  }

  private mutating func miss(_ sequences: ClosedRange<UInt64>, _ reason: String, _ visit: (Step) throws -> Void) throws {
    if let open = gap?.sequences, open.upperBound &+ 1 == sequences.lowerBound {
      gap?.sequences = open.lowerBound...sequences.upperBound
    } else {
      try flush(visit)
      gap = LogGap(sequences: sequences, reason: reason, segment: place.segment, offset: place.offset)
    }
  }

  private mutating func flush(_ visit: (Step) throws -> Void) throws {
    if let gap { try visit(.gap(gap)) }
    gap = nil
  }

  /// What is behind the last whole record was torn, unless something proves that it was durable.
  private mutating func finish(_ visit: (Step) throws -> Void) throws {
    if let first = gap?.sequences.lowerBound, first > durableSequence { gap = nil }
    if expected <= durableSequence { try miss(expected...durableSequence, "a record is damaged or missing", visit) }
    try flush(visit)
  }
}
