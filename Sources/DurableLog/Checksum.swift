import CShims

/// CRC-32C as the format uses it.
enum Checksum {
  /// The checksum of `bytes`, going on from `start`.
  static func of(_ bytes: Span<UInt8>, after start: UInt32 = 0) -> UInt32 {
    unsafe bytes.withUnsafeBytes { unsafe relaunch_crc32c(start, $0.baseAddress, $0.count) }
  }

  /// The header checksum of a record: it covers the fields, the journal and the place, so that a record cannot pass for another one,
  /// whether it lies in a payload, in a stale block or in a file of another journal.
  static func ofHeader(_ fields: Span<UInt8>, journal: JournalID, offset: Int) -> UInt32 {
    var tail = (journal.high.littleEndian, journal.low.littleEndian, UInt64(offset).littleEndian)
    let crc = of(fields)
    return unsafe withUnsafeBytes(of: &tail) { unsafe relaunch_crc32c(crc, $0.baseAddress, $0.count) }
  }
}
