/// Where the log lies, and its bounds.
package struct LogConfiguration: Hashable, Sendable {
  /// The directory, created where absent. One process at a time holds it.
  package var directory: String
  /// A segment is sealed before it would grow past this; clamped to 8 KiB ... 96 MiB. A batch larger than that gets a segment of its own.
  package var segmentBytes: Int = 64 << 20
  /// How many bytes of zeros are written at a time ahead of the records, within the segment; 0 for none. A sync is then one of
  /// data alone, and costs about half of one that must also make the file's growth durable.
  package var aheadBytes: Int = 1 << 20
  /// The records that share one write and one sync at most.
  package var batchRecordsLimit = 256
  /// The payload bytes that share one write and one sync at most, unless a single record is larger.
  package var batchBytesLimit = 4 << 20
  /// Appends that may wait; one more is answered `.overloaded`.
  package var pendingRecordsLimit = 16_384
  /// Payload bytes that may wait; more are answered `.overloaded`.
  package var pendingBytesLimit = 64 << 20

  package init(directory: String) { self.directory = directory }

  /// The longest payload of a record. Part of the format.
  package static let payloadBytesLimit = 16 << 20

  /// `segmentBytes` within the bounds that `LogPosition` can address with the largest batch on top.
  var boundedSegmentBytes: Int { min(max(segmentBytes, 2 * SegmentHeader.byteCount), 96 << 20) }
}
