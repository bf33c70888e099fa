package import Clocks

/// Makes a log that recovery accepts out of a damaged one, without losing what can be read.
///
/// The records are written again, in their order, into a fresh log with a name of its own, by the writer that every log is written by; in
/// the place of each range that is missing stands a GAP record. Mending the old files instead would have to forge what binds them
/// together: each segment names the end of the one before it. No record speaks of another's sequence or place, so that they may get new ones.
///
/// What is done, in this order, each step durable before the next begins:
///
/// 1. The new log is written into `repair/`, closed, read again and checked. A repair that ends here is begun anew; nothing has changed.
/// 2. `repair/READY` says that from here on the repair is only finished: `UnfinishedRepair`.
/// 3. The old CHECKPOINT is copied to `quarantine/N/`, and the new one takes its place. A server refuses the old segments from now on:
///    they are another log's.
/// 4. The old segments are moved to `quarantine/N/`.
/// 5. The new segments are moved here, the first one last: the CHECKPOINT names it, so that a server refuses until it is there, and then
///    everything is.
/// 6. The report goes to `quarantine/N/`, and `repair/` is removed.
package struct LogRepair {
  /// How it ended.
  package enum Outcome: Sendable {
    /// There is no damage. Nothing was changed.
    case sound(LogSurvey)
    /// What would be done. Nothing was changed.
    case planned(RepairReport)
    case repaired(RepairReport)
    /// A repair was interrupted after its new log was whole. Nothing was changed.
    case interrupted(quarantine: String)
    /// Such a repair was finished, and there is no damage. Its report is in the directory.
    case finished(quarantine: String)
  }

  let disk: any Disk
  let directory: String
  let clock: any WallClock

  static let folder = "repair"
  static let reportName = "report.json"

  /// Repairs the log in `directory`, or says with `isDryRun` what that would do. Blocks for as long as it takes to read the log twice and to
  /// write it once.
  /// - Parameter describe: the report as it is kept beside the old files.
  /// - Throws: `LogError` — `.locked`, `.noLog`, `.unsupported`, `.repairNeedsSpace`, `.diskFull`, `.disk`. Run again it goes on, or begins anew.
  package static func run(
    _ directory: String, isDryRun: Bool, disk: some Disk = SystemDisk(), clock: some WallClock,
    describe: (RepairReport) -> [UInt8]
  ) throws -> Outcome {
    let repair = LogRepair(disk: disk, directory: directory, clock: clock)
    if isDryRun {
      return try LogInspection.withReadingLock(on: directory, disk: disk) {
        let unfinished = try UnfinishedRepair.find(in: directory, on: disk)
        return try unfinished.map { .interrupted(quarantine: $0.quarantine) } ?? repair.plan().outcome
      }
    }
    // Before the lock, which makes a file: what is no log is left alone.
    _ = try LogFiles(in: directory, on: disk)
    guard let lock = try diskCall({ () throws(DiskError) in try disk.lock(repair.path(LogFiles.lockName)) }) else {
      throw LogError.locked(directory: directory)
    }
    return try withExtendedLifetime(lock) { try repair.run(describe) }
  }

  private func run(_ describe: (RepairReport) -> [UInt8]) throws -> Outcome {
    let unfinished = try UnfinishedRepair.find(in: directory, on: disk)
    try diskCall { () throws(DiskError) in try unfinished?.finish() }
    let (outcome, files) = try plan()
    guard case .planned(let report) = outcome else {
      return unfinished.map { .finished(quarantine: $0.quarantine) } ?? outcome
    }
    let next: UnfinishedRepair
    do { next = try build(files, report) } catch {
      // It would be begun anew, and takes room meanwhile.
      try? clear()
      switch error {
      case LogError.failed(let error), LogError.diskFull(let error): throw LogError.disk(error)
      default: throw error
      }
    }
    try diskCall { () throws(DiskError) in
      try next.begin(report: describe(report))
      try next.finish()
    }
    return .repaired(report)
  }

  private func path(_ name: String) -> String { directory + "/" + name }

  // MARK: - Step 1

  /// What there is, and what would be kept of it.
  private func plan() throws -> (outcome: Outcome, files: LogFiles) {
    let survey = try LogInspection.look(at: directory, disk: disk)
    let files = try LogFiles(in: directory, on: disk)
    guard !survey.isSound else { return (.sound(survey), files) }
    var report = RepairReport(directory: directory, quarantine: path(try freeQuarantine()))
    for segment in files.segments { report.add(segment) }
    try LogSalvage.run(files) { report.add($0) }
    return (.planned(report), files)
  }

  /// The first place that nothing lies in.
  private func freeQuarantine() throws(LogError) -> String {
    var number = 1
    while try !names(in: "quarantine/\(number)").isEmpty { number += 1 }
    return "quarantine/\(number)"
  }

  private func names(in folder: String) throws(LogError) -> [String] {
    do { return try disk.list(path(folder)) } catch {
      guard error.isAbsent else { throw .disk(error) }
      return []
    }
  }

  /// Makes the folder for the new log, empty.
  private func clear() throws(DiskError) {
    let folder = path(Self.folder)
    _ = try disk.createDirectory(folder)
    for name in try disk.list(folder) { try disk.remove(folder + "/" + name) }
    try disk.syncDirectory(folder)
    try disk.syncDirectory(directory)
  }

  /// Writes the new log.
  private func build(_ files: LogFiles, _ report: RepairReport) throws -> UnfinishedRepair {
    let folder = path(Self.folder)
    let free = try diskCall { () throws(DiskError) in
      try clear()
      return try disk.space(directory).free
    }
    guard free >= report.neededBytes else { throw LogError.repairNeedsSpace(free: free, needed: report.neededBytes) }
    var configuration = LogConfiguration(directory: folder)
    configuration.bytesLimit = .max
    configuration.segmentBytes = files.segments.map(\.byteCount).max() ?? configuration.segmentBytes
    configuration.aheadBytes = 0
    configuration.reserveBytes = 0
    var writer = LogWriter(
      configuration, disk: disk, clock: clock, space: LogSpace(configuration, total: .max), segments: OpenSegments(),
      found: Recovery.Found())
    try writer.commit(copies: [])
    var batch = RepairBatch(configuration)
    try LogSalvage.run(files) { step in
      switch step {
      case .record(let form, let payload): batch.add(form, payload)
      case .gap(let gap): batch.add(RecordForm(.gap), gap.payload(repairedAt: clock.now()))
      }
      if batch.isFull { try batch.write(to: &writer) }
    }
    try batch.write(to: &writer)
    try writer.finish()
    guard let journal = writer.tail?.journal else { preconditionFailure("a log that was written has a segment") }
    try check(report, in: folder)
    return UnfinishedRepair(disk: disk, directory: directory, journal: journal, quarantine: report.quarantine)
  }

  /// Reads the new log again: from here on nobody reads the old one.
  private func check(_ report: RepairReport, in folder: String) throws {
    var records: [UInt8: UInt64] = [:]
    let survey = try LogInspection.look(at: folder, disk: disk) { finding in
      if case .record(let record) = finding, record.kind?.isInternal != true { records[record.type, default: 0] += 1 }
    }
    var expected = report.kept
    if !report.gaps.isEmpty { expected[RecordKind.gap.rawValue, default: 0] += UInt64(report.gaps.count) }
    guard survey.isSound, survey.checkpoint != nil, records == expected else {
      throw LogError.disk(DiskError(call: "the new log does not read as it was written", path: folder, code: 0))
    }
  }
}

/// Records that are written together.
private struct RepairBatch {
  private let recordsLimit: Int
  private let bytesLimit: Int
  private var copies: [(form: RecordForm, payload: [UInt8])] = []
  private var bytes = 0

  init(_ configuration: LogConfiguration) {
    recordsLimit = configuration.batchRecordsLimit
    // A batch that is larger than a segment gets one of its own.
    bytesLimit = min(configuration.batchBytesLimit, configuration.segmentBytes / 4)
  }

  var isFull: Bool { copies.count >= recordsLimit || bytes >= bytesLimit }

  mutating func add(_ form: RecordForm, _ payload: [UInt8]) {
    copies.append((form, payload))
    bytes += payload.count
  }

  mutating func write(to writer: inout LogWriter) throws(LogError) {
    guard !copies.isEmpty else { return }
    try writer.commit(copies: copies)
    copies = []
    bytes = 0
  }
}
