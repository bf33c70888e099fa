extension Span<UInt8> {
  /// True when every byte is zero. Eight at a time, for it runs over whole segments.
  var isZero: Bool {
    unsafe withUnsafeBytes { bytes in
      var index = 0
      while index + 8 <= bytes.count {
        guard unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) == 0 else { return false }
        index += 8
      }
      while index < bytes.count {
        guard unsafe bytes[index] == 0 else { return false }
        index += 1
      }
      return true
    }
  }

  /// Where the sync word of a record is for the first time, in steps of the alignment; nil where it is not.
  var firstSyncWord: Int? {
    unsafe withUnsafeBytes { bytes in
      var index = 0
      while index + MemoryLayout<UInt32>.size <= bytes.count {
        let word = unsafe UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self))
        if word == RecordHeader.syncWord { return index }
        index += RecordHeader.alignment
      }
      return nil
    }
  }
}
