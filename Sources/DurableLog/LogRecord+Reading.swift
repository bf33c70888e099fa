extension LogRecord {
  /// Most records come with the first read, which also takes their header.
  private static let firstReadBytes = 4096

  /// Reads the record at `position` of `file`.
  init(reading position: LogPosition, from file: any DiskFile, journal: JournalID) throws(LogError) {
    var bytes = try diskCall { () throws(DiskError) in try file.readAll(Self.firstReadBytes, at: position.offset) }
    guard bytes.count >= RecordHeader.byteCount,
      let header = RecordHeader(bytes, at: 0, journal: journal, offset: position.offset), let kind = header.kind, !kind.isInternal
    else { throw .noRecord(position) }
    let end = RecordHeader.byteCount + header.length
    if bytes.count < end {
      let read = bytes.count
      bytes += try diskCall { () throws(DiskError) in try file.readAll(end - read, at: position.offset + read) }
    }
    guard bytes.count >= end, Checksum.of(bytes.span.extracting(RecordHeader.byteCount..<end)) == header.payloadChecksum else {
      throw .noRecord(position)
    }
    self.init(position: position, sequence: header.sequence, kind: kind, payload: Array(bytes[RecordHeader.byteCount..<end]))
  }
}
