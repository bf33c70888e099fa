/// What looking at a log without opening it has found.
package struct LogSurvey: Hashable, Sendable {
  package struct Segment: Hashable, Sendable {
    package enum End: String, Hashable, Sendable {
      /// It is full and another follows.
      case sealed
      /// The log was closed in order.
      case clean
      /// Records may follow.
      case open
      /// What it should end with cannot be read.
      case unknown
    }

    package let name: String
    /// The sequence of the first record, by the name where the header is damaged.
    package let firstSequence: UInt64
    /// The sequence of the last record that can be read; below `firstSequence` where there is none.
    package internal(set) var lastSequence: UInt64
    /// Bytes of the file.
    package let byteCount: Int
    /// Bytes of the header and the records.
    package internal(set) var usedBytes: Int
    /// Records that can be read, the log's own included.
    package internal(set) var records: UInt64 = 0
    package internal(set) var end = End.unknown
    package internal(set) var isDamaged = false
  }

  package struct TornTail: Hashable, Sendable {
    package let segment: String
    package let offset: Int
    package let bytes: Int
  }

  package struct Mark: Hashable, Sendable {
    /// Counts the writes of the CHECKPOINT.
    package let generation: UInt64
    package let oldestSegment: UInt64
    package let durableSequence: UInt64
  }

  package let directory: String
  /// The segments that belong to the log, oldest first.
  package internal(set) var segments: [Segment] = []
  /// The CHECKPOINT; nil where nothing can be read of it. The next start makes it anew.
  package internal(set) var checkpoint: Mark?
  /// How many records of each type can be read, by the type byte.
  package internal(set) var records: [UInt8: UInt64] = [:]
  /// All damage, in the order of the files.
  package internal(set) var damages: [LogDamage] = []
  /// What the next start will cut off: it was never acknowledged.
  package internal(set) var tornTail: TornTail?
  /// Segments that retention has given up and that the next start removes.
  package internal(set) var leftovers: [String] = []
  /// The last sequence that is proven to have been durable.
  package internal(set) var durableSequence: UInt64 = 0
  /// True when a repair was interrupted after the new log was whole. It must be run again, also where there is no damage.
  package internal(set) var hasUnfinishedRepair = false

  package var isSound: Bool { damages.isEmpty }

  package init(directory: String) { self.directory = directory }
}

/// A record as it lies in a file.
package struct InspectedRecord: Hashable, Sendable {
  package let segment: String
  /// Bytes from the start of the file.
  package let offset: Int
  package let sequence: UInt64
  /// The type byte; not every value is a `RecordKind`.
  package let type: UInt8
  package let flags: UInt8
  package let schema: UInt16
  /// How far the record was ahead of the last one known durable when it was written.
  package let lag: UInt32
  package let payload: [UInt8]
  /// Where the file is no part of the log in whose directory it lies.
  package let isStray: Bool

  /// nil for a type that this version does not know.
  package var kind: RecordKind? { RecordKind(rawValue: type) }

  init(_ header: RecordHeader, _ payload: [UInt8], at offset: Int, of segment: FoundSegment) {
    self.segment = segment.name
    self.offset = offset
    self.payload = payload
    sequence = header.sequence
    type = header.type
    flags = header.flags
    schema = header.schema
    lag = header.lag
    isStray = !segment.isMember
  }
}
