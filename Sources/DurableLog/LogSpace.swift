/// How much room there is on the file system of a directory, in bytes.
package struct DiskSpace: Hashable, Sendable {
  /// What this process may still take.
  package let free: Int
  package let total: Int

  package init(free: Int, total: Int) {
    self.free = free
    self.total = total
  }
}

/// Whether the log has room for more.
package enum LogRoom: Hashable, Sendable {
  case ample
  /// It is time to remove old segments.
  case low
  /// New events are refused, for this reason. Records of what was done with old ones are still taken.
  case none(LogError)
}

/// The bounds of a log on the volume that it has, and when they bite.
struct LogSpace: Hashable, Sendable {
  /// All files of the log together, in bytes.
  let bytesLimit: Int
  /// One segment, in bytes.
  let segmentBytes: Int
  /// What is kept on the disk for records of what was done while events are refused, in bytes.
  let reserveBytes: Int
  /// New events are refused while less than this is free on the disk, in bytes.
  let refusalFreeBytes: Int
  /// Old segments go early while less than this is free on the disk, in bytes.
  let lowFreeBytes: Int

  /// - Parameter total: the size of the volume; a small one makes the bounds smaller than they were asked for.
  init(_ configuration: LogConfiguration, total: Int) {
    bytesLimit = max(min(configuration.bytesLimit, total / 5 * 4), 8 * Self.smallestSegment)
    segmentBytes = max(min(configuration.segmentBytes, Self.largestSegment, bytesLimit / 8), Self.smallestSegment)
    reserveBytes = configuration.reserveBytes == 0 ? 0 : min(configuration.reserveBytes, segmentBytes / 2)
    refusalFreeBytes = min(configuration.refusalFreeBytes, total / 16)
    lowFreeBytes = min(configuration.lowFreeBytes, total / 8)
  }

  /// A header and a batch of one block.
  private static let smallestSegment = 2 * SegmentHeader.byteCount
  /// What `LogPosition` can address with the largest batch on top.
  private static let largestSegment = 96 << 20

  /// - Parameters:
  ///   - used: what the log's files have now, in bytes.
  ///   - free: what the disk has beside it, in bytes.
  func room(used: Int, free: Int) -> LogRoom {
    // The reserve is among what is used.
    if used >= bytesLimit { return .none(.sizeLimit(bytes: used, limit: bytesLimit)) }
    if free < refusalFreeBytes { return .none(.lowSpace(free: free, needed: refusalFreeBytes)) }
    return used >= bytesLimit / 4 * 3 || free < lowFreeBytes ? .low : .ample
  }
}
