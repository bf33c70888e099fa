/// The last segment: where the next batch goes.
struct LogTail: Sendable {
  let journal: JournalID
  let firstSequence: UInt64
  let file: any DiskFile
  /// The length in bytes of what is durable; a multiple of the block unless the segment has ended.
  var length: Int
  /// What the file may hold in bytes; from `length` on these are zeros.
  var fileBytes: Int
  /// The last sequence in the segment, durable too.
  var lastSequence: UInt64
  /// Set once the segment has its SEAL or CLEAN and takes no more.
  var end: SegmentEnd?

  var name: String { SegmentHeader.fileName(firstSequence: firstSequence) }
}
