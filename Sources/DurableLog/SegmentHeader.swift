/// The first block of a segment: who wrote it and what comes before it.
struct SegmentHeader: Hashable, Sendable {
  var journal: JournalID
  var firstSequence: UInt64
  /// What the segment before this one ended as; all zero for the first.
  var previous: SegmentEnd
  /// Milliseconds since 1970, for people.
  var created: Int64

  static let byteCount = 4096
  /// One byte beyond ASCII, then CR LF and ^Z, so that a copy in text mode shows.
  static let magic: [UInt8] = [0x89, 0x50, 0x53, 0x4A, 0x0D, 0x0A, 0x1A, 0x0A]
  static let major: UInt16 = 1
  static let minor: UInt16 = 0
  private static let checkedBytes = 68

  static func fileName(firstSequence: UInt64) -> String {
    let digits = String(firstSequence, radix: 16)
    return "seg-" + String(repeating: "0", count: max(0, 16 - digits.count)) + digits + ".log"
  }

  /// The first sequence that a file's name states; nil for a name that is not a segment's.
  static func firstSequence(fileName: String) -> UInt64? {
    guard fileName.hasPrefix("seg-"), fileName.hasSuffix(".log"), fileName.utf8.count == 24,
      let value = UInt64(fileName.dropFirst(4).dropLast(4), radix: 16), self.fileName(firstSequence: value) == fileName
    else { return nil }
    return value
  }

  var encoded: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.byteCount)
    bytes.replaceSubrange(0..<8, with: Self.magic)
    bytes.setField(8, Self.major)
    bytes.setField(10, Self.minor)
    bytes.setField(12, UInt32(Self.byteCount))
    bytes.setField(16, journal.high)
    bytes.setField(24, journal.low)
    bytes.setField(32, firstSequence)
    bytes.setField(40, previous.lastSequence)
    bytes.setField(48, UInt64(previous.byteCount))
    bytes.setField(56, previous.sealChecksum)
    bytes.setField(60, created)
    bytes.setField(68, Checksum.of(bytes.span.extracting(..<Self.checkedBytes)))
    return bytes
  }

  /// Reads the first block of a segment.
  /// - Returns: nil where the block is not one that was written whole.
  /// - Throws: `.unsupported` for another major version.
  init?(_ bytes: [UInt8], segment: String) throws(LogError) {
    guard bytes.count == Self.byteCount, Array(bytes[..<8]) == Self.magic,
      bytes.field(68) == Checksum.of(bytes.span.extracting(..<Self.checkedBytes)), bytes.field(12) == UInt32(Self.byteCount)
    else { return nil }
    let major: UInt16 = bytes.field(8)
    guard major == Self.major else {
      throw .unsupported(segment: segment, offset: 8, what: "format \(major)")
    }
    // A newer minor version may use the rest of the block; ours is zero, so anything else there is damage.
    if bytes.field(10) == Self.minor, !bytes.span.extracting((Self.checkedBytes + 4)...).isZero { return nil }
    journal = JournalID(high: bytes.field(16), low: bytes.field(24))
    firstSequence = bytes.field(32)
    let byteCount: UInt64 = bytes.field(48)
    previous = SegmentEnd(lastSequence: bytes.field(40), byteCount: Int(clamping: byteCount), sealChecksum: bytes.field(56))
    created = bytes.field(60)
  }

  init(journal: JournalID, firstSequence: UInt64, previous: SegmentEnd, created: Int64) {
    self.journal = journal
    self.firstSequence = firstSequence
    self.previous = previous
    self.created = created
  }
}

/// How a segment ended, as its successor remembers it: that is what shows a missing or an exchanged segment.
struct SegmentEnd: Hashable, Sendable {
  var lastSequence: UInt64
  var byteCount: Int
  /// The CRC-32C of the whole record that ends the segment.
  var sealChecksum: UInt32

  static let none = SegmentEnd(lastSequence: 0, byteCount: 0, sealChecksum: 0)
}
