/// The files of a log as they are found, and which of them belong together. Nothing is changed by looking.
struct LogFiles: Sendable {
  let disk: any Disk
  let directory: String
  /// Everything in the directory.
  let names: [String]
  /// nil: there is none, nothing can be read of it, or it is another log's.
  private(set) var checkpoint: Checkpoint?
  private(set) var hasCheckpointOfAnother = false
  /// By name.
  private(set) var segments: [FoundSegment] = []
  /// The log that is here; segments of others have got here by mistake.
  private(set) var journal: JournalID?

  /// - Throws: `.unsupported`, `.noLog`, `.disk`.
  init(in directory: String, on disk: any Disk) throws(LogError) {
    self.disk = disk
    self.directory = directory
    do { names = try disk.list(directory) } catch {
      throw error.isAbsent ? .noLog(directory: directory, reason: "there is no such directory") : .disk(error)
    }
    checkpoint = try Self.checkpoint(in: directory, on: disk, names)
    let found = names.filter { SegmentHeader.firstSequence(fileName: $0) != nil }.sorted()
    guard !found.isEmpty || names.contains(Checkpoint.fileName) || names.contains(Self.lockName) else {
      throw .noLog(directory: directory, reason: "there is neither a segment (seg-….log) nor a \(Checkpoint.fileName)")
    }
    var parts: [FoundSegment] = []
    for name in found { parts.append(try FoundSegment(name, in: directory, on: disk)) }
    var known: [JournalID] = []
    for journal in [checkpoint?.journal] + parts.map({ $0.header?.journal }) {
      if let journal, !known.contains(journal) { known.append(journal) }
    }
    for index in parts.indices { try parts[index].findRecords(of: known, in: directory, on: disk) }
    journal = Self.journal(of: parts, checkpoint)
    if let found = checkpoint, found.journal != journal {
      checkpoint = nil
      hasCheckpointOfAnother = true
    }
    for index in parts.indices { parts[index].settle(in: journal, checkpoint) }
    segments = parts
  }

  static let lockName = "LOCK"

  func path(_ name: String) -> String { directory + "/" + name }

  func open(_ segment: FoundSegment) throws(LogError) -> PartlyReadableFile {
    try diskCall { () throws(DiskError) in PartlyReadableFile(try disk.openForReading(path(segment.name))) }
  }

  /// The newest slot of the CHECKPOINT, by a way that needs no right to write.
  private static func checkpoint(in directory: String, on disk: any Disk, _ names: [String]) throws(LogError) -> Checkpoint? {
    guard names.contains(Checkpoint.fileName) else { return nil }
    let bytes = try diskCall { () throws(DiskError) in
      let file = PartlyReadableFile(try disk.openForReading(directory + "/" + Checkpoint.fileName))
      return try file.readAll(2 * Checkpoint.slotBytes, at: 0)
    }
    return try Checkpoint.newest(in: bytes)
  }

  /// The CHECKPOINT's log where anything of it is here, else the one that most segments are of.
  private static func journal(of segments: [FoundSegment], _ checkpoint: Checkpoint?) -> JournalID? {
    var counts: [JournalID: Int] = [:]
    for journal in segments.compactMap(\.journal) { counts[journal, default: 0] += 1 }
    if let checkpoint, counts.isEmpty || counts[checkpoint.journal] != nil { return checkpoint.journal }
    return counts.max { ($0.value, $0.key.high) < ($1.value, $1.key.high) }?.key
  }
}

/// A file that has the name of a segment.
struct FoundSegment: Hashable, Sendable {
  /// What a file is to the log in whose directory it lies.
  enum Place: Hashable, Sendable {
    case member
    /// A segment of this log under the name of another: a copy, or one that was renamed.
    case renamed
    case otherLog
    /// Nothing in it can be read.
    case unreadable
  }

  let name: String
  /// The first sequence by the file's name.
  let claimedSequence: UInt64
  let byteCount: Int
  /// nil: it is damaged.
  let header: SegmentHeader?
  /// The log that its records are bound to; nil where none can be read.
  private(set) var journal: JournalID?
  /// The sequence of the first record by the header, else of the first record that can be read.
  private(set) var firstSequence: UInt64?
  private(set) var place = Place.unreadable
  /// What stands in the place of the journal's name, whatever it is worth.
  private let statedJournal: JournalID?

  init(_ name: String, in directory: String, on disk: any Disk) throws(LogError) {
    self.name = name
    claimedSequence = SegmentHeader.firstSequence(fileName: name) ?? 0
    let (size, bytes) = try diskCall { () throws(DiskError) in
      let file = PartlyReadableFile(try disk.openForReading(directory + "/" + name))
      return (try file.size(), try file.readAll(SegmentHeader.byteCount, at: 0))
    }
    byteCount = size
    header = try SegmentHeader(bytes, segment: name)
    statedJournal = bytes.count < 32 ? nil : JournalID(high: bytes.field(16), low: bytes.field(24))
  }

  /// Whether the file takes part in the chain of segments.
  var isMember: Bool { place == .member || place == .unreadable }

  /// All its records are above this.
  var floor: UInt64 { header.map { $0.firstSequence &- 1 } ?? 0 }

  func reader(_ file: any DiskFile, _ journal: JournalID) -> SegmentReader {
    SegmentReader(name: name, file: file, journal: journal, size: byteCount)
  }

  /// Finds out whose records these are: with a damaged header only the records themselves can say, by their checksums.
  mutating func findRecords(of known: [JournalID], in directory: String, on disk: any Disk) throws(LogError) {
    if let header {
      journal = header.journal
      firstSequence = header.firstSequence
      return
    }
    let file = try diskCall { () throws(DiskError) in PartlyReadableFile(try disk.openForReading(directory + "/" + name)) }
    for candidate in known + [statedJournal].compactMap(\.self).filter({ !known.contains($0) }) {
      var walk = SegmentWalk(reader(file, candidate), after: floor)
      guard let first = try walk.firstSequence() else { continue }
      journal = candidate
      firstSequence = first
      return
    }
  }

  mutating func settle(in log: JournalID?, _ checkpoint: Checkpoint?) {
    if let journal, journal != log {
      place = .otherLog
    } else if let header {
      place = SegmentHeader.fileName(firstSequence: header.firstSequence) == name ? .member : .renamed
    } else if let firstSequence {
      place = claimedSequence <= firstSequence ? .member : .renamed
    } else if let checkpoint, claimedSequence > checkpoint.durableSequence, claimedSequence - checkpoint.durableSequence > 1 {
      // No segment of this log can begin there.
      place = .renamed
    }
  }
}

extension SegmentWalk {
  fileprivate mutating func firstSequence() throws(LogError) -> UInt64? {
    while let step = try next() {
      switch step {
      case .record(let header, _, _, _), .damagedRecord(let header, _): return header.sequence
      case .hole(_, let next): return next?.sequence
      }
    }
    return nil
  }
}
