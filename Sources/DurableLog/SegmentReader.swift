/// Reads the records of one segment in order, through a window of bounded size.
struct SegmentReader {
  let name: String
  let file: any DiskFile
  let journal: JournalID
  /// The length of the file in bytes.
  let size: Int
  private var window: [UInt8] = []
  private var windowStart = 0

  private static let windowBytes = 1 << 20

  init(name: String, file: any DiskFile, journal: JournalID, size: Int) {
    self.name = name
    self.file = file
    self.journal = journal
    self.size = size
  }

  /// The whole, undamaged record at `offset`, or nil where there is none; its payload is `bytes(header.length, …)` after it.
  mutating func header(at offset: Int) throws(LogError) -> RecordHeader? {
    guard let header = try validHeader(at: offset), offset + header.recordBytes <= size else { return nil }
    let index = try load(header.recordBytes, at: offset)
    let payload = window.span.extracting(index + RecordHeader.byteCount..<index + RecordHeader.byteCount + header.length)
    // The fill up to the alignment is under no checksum; it was written as zeros.
    let fill = window.span.extracting(index + RecordHeader.byteCount + header.length..<index + header.recordBytes)
    return Checksum.of(payload) == header.payloadChecksum && fill.isZero ? header : nil
  }

  /// The header at `offset` whose own checksum holds, whatever its payload is.
  mutating func validHeader(at offset: Int) throws(LogError) -> RecordHeader? {
    guard offset + RecordHeader.byteCount <= size else { return nil }
    let index = try load(RecordHeader.byteCount, at: offset)
    return RecordHeader(window, at: index, journal: journal, offset: offset)
  }

  /// A copy of `count` bytes at `offset`, which lie in the file.
  mutating func bytes(_ count: Int, at offset: Int) throws(LogError) -> [UInt8] {
    let index = try load(count, at: offset)
    return Array(window[index..<index + count])
  }

  /// True when only zeros lie from `offset` to the end.
  mutating func isZero(from offset: Int) throws(LogError) -> Bool {
    var offset = offset
    while offset < size {
      let count = min(size - offset, Self.windowBytes)
      let index = try load(count, at: offset)
      guard window.span.extracting(index..<index + count).isZero else { return false }
      offset += count
    }
    return true
  }

  /// The first place from `offset` on where a header may begin, in steps of the alignment; nil where there is none.
  mutating func syncWord(from offset: Int) throws(LogError) -> Int? {
    var offset = offset
    while offset + RecordHeader.byteCount <= size {
      let count = min(size - offset, Self.windowBytes)
      let index = try load(count, at: offset)
      if let found = window.span.extracting(index..<index + count).firstSyncWord { return offset + found }
      offset += count / RecordHeader.alignment * RecordHeader.alignment
    }
    return nil
  }

  /// Makes the window hold `count` bytes at `offset`; returns where in it they begin.
  private mutating func load(_ count: Int, at offset: Int) throws(LogError) -> Int {
    if offset < windowStart || offset + count > windowStart + window.count {
      window = []
      do { window = try file.readAll(min(size - offset, max(count, Self.windowBytes)), at: offset) } catch { throw .disk(error) }
      windowStart = offset
      guard window.count >= count else { throw .disk(DiskError(call: "pread: file became shorter", path: name, code: 0)) }
    }
    return offset - windowStart
  }
}
