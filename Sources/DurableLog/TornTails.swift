/// Keeps what recovery cuts off, for people to look at.
struct TornTails {
  let disk: any Disk
  let directory: String

  /// What the directory `torn` may hold in all; the oldest go first.
  static let bytesLimit = 16 << 20

  private var folder: String { directory + "/torn" }

  /// Copies the bytes of a segment from `offset` to its end.
  func keep(_ reader: inout SegmentReader, from offset: Int) throws(LogError) -> RecoveryReport.TornTail {
    let count = reader.size - offset
    let bytes = try reader.bytes(min(count, Self.bytesLimit), at: offset)
    let digits = String(offset, radix: 16)
    let copy = folder + "/" + reader.name + "-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    try diskCall { () throws(DiskError) in
      _ = try disk.createDirectory(folder)
      let file = try disk.open(copy, create: true)
      try file.writeAll(bytes.span, at: 0)
      try file.sync()
      try disk.syncDirectory(folder)
      try removeOldest()
    }
    return RecoveryReport.TornTail(segment: reader.name, offset: offset, bytes: count, copy: copy)
  }

  /// Names sort by segment and offset, which is by age.
  private func removeOldest() throws(DiskError) {
    var total = 0
    for name in try disk.list(folder).sorted().reversed() {
      total += try disk.open(folder + "/" + name, create: false).size()
      if total > Self.bytesLimit { try disk.remove(folder + "/" + name) }
    }
  }
}
