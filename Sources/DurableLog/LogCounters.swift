/// What the log did since it was opened, and what it has now.
package struct LogCounters: Hashable, Sendable {
  /// Records made durable.
  package internal(set) var appended: UInt64 = 0
  /// Batches made durable: one write and one sync each.
  package internal(set) var batches: UInt64 = 0
  /// Bytes of those batches, headers and fill included.
  package internal(set) var bytes: UInt64 = 0
  /// Appends refused because too many waited.
  package internal(set) var overloaded: UInt64 = 0
  /// Appends refused because the disk was full or the log as large as it may be.
  package internal(set) var refusedDiskFull: UInt64 = 0
  /// Records that wait for the disk now.
  package internal(set) var pendingRecords = 0
  /// Payload bytes that wait for the disk now.
  package internal(set) var pendingBytes = 0
  /// Segments there are now.
  package internal(set) var segments = 0
  /// Bytes of all files there are now.
  package internal(set) var usedBytes = 0
  /// Segments that retention has removed.
  package internal(set) var removedSegments: UInt64 = 0
  /// Whether there is room for more.
  package internal(set) var room = LogRoom.ample
}
