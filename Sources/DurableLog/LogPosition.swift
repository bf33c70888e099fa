/// Where a record lies: its segment and the offset in it, in eight bytes.
///
/// It stays valid until retention removes the segment, across restarts too. The 40 bits of the segment's first sequence last for
/// 1.1 trillion records, the 24 bits of offset (counted in the 8 bytes that records are aligned to) for segments of 128 MiB.
package struct LogPosition: Hashable, Comparable, Sendable {
  private let packed: UInt64

  /// - Returns: nil where a value does not fit.
  init?(segment: UInt64, offset: Int) {
    guard segment < Self.segmentLimit, offset >= 0, offset < Self.offsetLimit, offset % RecordHeader.alignment == 0 else {
      return nil
    }
    packed = segment << 24 | UInt64(offset / RecordHeader.alignment)
  }

  /// The sequence of the segment's first record, which names its file.
  package var segment: UInt64 { packed >> 24 }

  /// Bytes from the start of the segment's file.
  package var offset: Int { Int(packed & 0xFF_FFFF) * RecordHeader.alignment }

  package static func < (left: LogPosition, right: LogPosition) -> Bool { left.packed < right.packed }

  static let segmentLimit: UInt64 = 1 << 40
  static let offsetLimit = RecordHeader.alignment << 24
}

extension LogPosition: CustomStringConvertible {
  package var description: String { "\(SegmentHeader.fileName(firstSequence: segment)) byte \(offset)" }
}
