/// Where the log lies, and its bounds.
package struct LogConfiguration: Hashable, Sendable {
  /// The directory, created where absent. One process at a time holds it.
  package var directory: String
  /// A segment is sealed before it would grow past this; clamped to 8 KiB ... 96 MiB, and to an eighth of `bytesLimit`. A batch larger
  /// than that gets a segment of its own.
  package var segmentBytes: Int = 64 << 20
  /// All files together; where they reach it, new events are refused until old segments were removed. At most four fifths of the volume.
  package var bytesLimit: Int = 1 << 30
  /// What is kept on the disk so that records of what was done can be written when it is full; 0 for nothing. At most half a segment.
  package var reserveBytes: Int = 4 << 20
  /// New events are refused while less than this is free on the volume; at most a sixteenth of it.
  package var refusalFreeBytes: Int = 64 << 20
  /// Old segments go early while less than this is free on the volume; at most an eighth of it.
  package var lowFreeBytes: Int = 256 << 20
  /// How long after a batch the log notes by itself how far it is durable, if nothing more comes; and how often it looks for room while
  /// it has none. Under load it notes that once in twenty such times. nil: only when it is told to.
  package var checkpointDelay: Duration? = .milliseconds(50)
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
}
