/// What a record is: the type byte of its header.
///
/// Values from 128 on are free for later versions and may be skipped by this one; an unknown value below 128 makes it refuse the log.
package enum RecordKind: UInt8, Sendable, CaseIterable {
  /// A message as it was received.
  case event = 1
  /// A change in the state of a job.
  case job = 2
  /// A dead letter.
  case dead = 3
  /// Live state written forward, so that older segments may go.
  case snapshot = 4
  /// A generation of the configuration that became active.
  case config = 5
  /// Zeros up to the next block; the log's own.
  case pad = 6
  /// The end of a full segment; the log's own.
  case seal = 7
  /// The end of a log that was closed in order; the log's own.
  case clean = 8
  /// An administrator's change: who and what.
  case admin = 9
  /// A range of records that a repair took out.
  case gap = 10

  /// The kinds that the log writes for itself: they are never appended from outside and never replayed.
  var isInternal: Bool { self == .pad || self == .seal || self == .clean }

  /// The kinds after which a segment has nothing more.
  var endsSegment: Bool { self == .seal || self == .clean }

  /// The first of the type bytes that a reader which does not know them may pass over.
  static let firstSkippable: UInt8 = 128
}
