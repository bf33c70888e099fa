/// A repair whose new log is whole: what is left is to move files. Each step may be done again; see `LogRepair` for their order.
struct UnfinishedRepair: Sendable {
  let disk: any Disk
  let directory: String
  /// The new log's.
  let journal: JournalID
  /// The path of the directory for the old files.
  let quarantine: String

  private static let readyName = "READY"
  private static let title = "relaunch log repair 1"

  private var folder: String { directory + "/" + LogRepair.folder }
  private var ready: String { folder + "/" + Self.readyName }

  init(disk: any Disk, directory: String, journal: JournalID, quarantine: String) {
    self.disk = disk
    self.directory = directory
    self.journal = journal
    self.quarantine = quarantine
  }

  /// - Returns: nil where no repair has come so far.
  static func find(in directory: String, on disk: any Disk) throws(LogError) -> UnfinishedRepair? {
    let folder = directory + "/" + LogRepair.folder
    let text: [UInt8]
    do {
      guard try disk.list(folder).contains(readyName) else { return nil }
      text = try disk.openForReading(folder + "/" + readyName).readAll(1024, at: 0)
    } catch {
      guard error.isAbsent else { throw .disk(error) }
      return nil
    }
    let words = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline)
    guard words.count == 4, words[0] == title, let high = UInt64(words[1], radix: 16), let low = UInt64(words[2], radix: 16),
      let number = Int(words[3])
    else {
      // Files may have been moved: nothing can be begun anew.
      throw .disk(DiskError(call: "it is damaged; the old files are in quarantine/", path: folder + "/" + readyName, code: 0))
    }
    return UnfinishedRepair(
      disk: disk, directory: directory, journal: JournalID(high: high, low: low), quarantine: "\(directory)/quarantine/\(number)")
  }

  /// Says that the new log is whole.
  func begin(report: [UInt8]) throws(DiskError) {
    let number = quarantine.split(separator: "/").last ?? ""
    let text = "\(Self.title)\n\(String(journal.high, radix: 16))\n\(String(journal.low, radix: 16))\n\(number)\n"
    try write(report, to: folder + "/" + LogRepair.reportName)
    try write(Array(text.utf8), to: ready + Recovery.temporarySuffix)
    try disk.syncDirectory(folder)
    try disk.rename(ready + Recovery.temporarySuffix, to: ready)
    try disk.syncDirectory(folder)
    try disk.syncDirectory(directory)
  }

  /// Does what is left, however much that is.
  func finish() throws(DiskError) {
    for path in [directory + "/quarantine", quarantine] { _ = try disk.createDirectory(path) }
    try disk.syncDirectory(directory)
    try disk.syncDirectory(directory + "/quarantine")
    try replaceCheckpoint()
    try moveOldSegments()
    try moveNewSegments()
    try cleanUp()
  }

  private func write(_ bytes: [UInt8], to path: String) throws(DiskError) {
    let file = try disk.open(path, create: true)
    try file.writeAll(bytes.span, at: 0)
    try file.sync()
  }

  private func segments(in directory: String) throws(DiskError) -> [String] {
    try disk.list(directory).filter { SegmentHeader.firstSequence(fileName: $0) != nil }.sorted()
  }

  /// Step 3. The old one is copied, for there must never be none: without it an old log that was cut short would pass for a whole one.
  private func replaceCheckpoint() throws(DiskError) {
    let name = "/" + Checkpoint.fileName
    guard try disk.list(folder).contains(Checkpoint.fileName) else { return }
    if try disk.list(directory).contains(Checkpoint.fileName) {
      let old = try PartlyReadableFile(try disk.openForReading(directory + name)).readAll(2 * Checkpoint.slotBytes, at: 0)
      if (try? Checkpoint.newest(in: old))?.journal != journal {
        try write(old, to: quarantine + name)
        try disk.syncDirectory(quarantine)
      }
    }
    try disk.rename(folder + name, to: directory + name)
    try disk.syncDirectory(directory)
    try disk.syncDirectory(folder)
  }

  /// Step 4.
  private func moveOldSegments() throws(DiskError) {
    // When all that is new is in its place, what is damaged there is damage to the new log.
    guard try !segments(in: folder).isEmpty else { return }
    for name in try segments(in: directory) where try !isNew(name) {
      try disk.rename(directory + "/" + name, to: quarantine + "/" + name)
    }
    try disk.syncDirectory(quarantine)
    try disk.syncDirectory(directory)
  }

  private func isNew(_ name: String) throws(DiskError) -> Bool {
    let bytes = try PartlyReadableFile(try disk.openForReading(directory + "/" + name)).readAll(SegmentHeader.byteCount, at: 0)
    return (try? SegmentHeader(bytes, segment: name))?.journal == journal
  }

  /// Step 5. The one that the CHECKPOINT names comes last.
  private func moveNewSegments() throws(DiskError) {
    for name in try segments(in: folder).reversed() {
      try disk.syncDirectory(directory)
      try disk.rename(folder + "/" + name, to: directory + "/" + name)
    }
    try disk.syncDirectory(directory)
    try disk.syncDirectory(folder)
  }

  /// Step 6.
  private func cleanUp() throws(DiskError) {
    if try disk.list(folder).contains(LogRepair.reportName) {
      try disk.rename(folder + "/" + LogRepair.reportName, to: quarantine + "/" + LogRepair.reportName)
      try disk.syncDirectory(quarantine)
    }
    // The mark goes last: without it what is here would be left.
    for name in try disk.list(folder).filter({ $0 != Self.readyName }) + [Self.readyName] { try disk.remove(folder + "/" + name) }
    try disk.removeDirectory(folder)
    try disk.syncDirectory(directory)
  }
}
