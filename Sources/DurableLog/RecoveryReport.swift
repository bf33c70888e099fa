/// What opening the log found and did.
package struct RecoveryReport: Hashable, Sendable {
  /// Bytes after the last whole record that were cut off. None of them was acknowledged.
  package struct TornTail: Hashable, Sendable {
    package let segment: String
    package let offset: Int
    package let bytes: Int
    /// The file that keeps them, or as much as `torn/` may hold.
    package let copy: String
  }

  /// What the last segment was, by the table at `Recovery`.
  package enum Tail: String, Hashable, Sendable, CaseIterable {
    /// There was no segment.
    case new
    case whole
    case torn
    case ended
  }

  package internal(set) var tail = Tail.new
  /// The segments there are.
  package internal(set) var segments = 0
  /// The records replayed.
  package internal(set) var records = 0
  /// The last sequence in use; 0 for a new log.
  package internal(set) var lastSequence: UInt64 = 0
  /// True when the log was new or had been closed in order.
  package internal(set) var wasClosed = true
  package internal(set) var tornTail: TornTail?
  /// True when nothing could be read of the CHECKPOINT of a log that should have one. It is made anew; what is lost is that damage to the
  /// last records would not have been noticed.
  package internal(set) var isCheckpointMissing = false
  /// Records that were whole but perhaps not durable, and that were written again before they were replayed.
  package internal(set) var rewrittenRecords: UInt64 = 0
}
