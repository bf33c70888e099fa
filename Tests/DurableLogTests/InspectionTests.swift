import CShims
import Clocks
@testable import DurableLog
import TestSupport
import Testing

struct InspectionTests {
  private static let path = "/log/seg-0000000000000001.log"

  /// A closed log of three events in three batches, one segment.
  private func written(close: Bool = true) throws -> (disk: FaultyDisk, log: DurableLog) {
    let disk = FaultyDisk()
    let (log, _) = try DurableLog.open(.roomy, disk: disk, clock: SystemWallClock()) { _ in }
    for text in ["first", "second", "third"] { #expect(log.appendAll([Array(text.utf8)])[0].error == nil) }
    if close { log.close() } else { try log.writeCheckpoint() }
    return (disk, log)
  }

  private func change(_ disk: FaultyDisk, _ path: String = Self.path, _ body: (inout [UInt8]) -> Void) throws {
    var bytes = try #require(disk.content(path))
    body(&bytes)
    disk.setContent(path, bytes)
  }

  private func inspect(_ disk: some Disk) throws -> (survey: LogSurvey, records: [InspectedRecord]) {
    var records: [InspectedRecord] = []
    let survey = try LogInspection.run("/log", disk: disk) { if case .record(let record) = $0 { records.append(record) } }
    return (survey, records)
  }

  @Test func tellsWhatIsThere() throws {
    let disk = try written().disk
    let (survey, records) = try inspect(disk)
    #expect(survey.isSound && survey.durableSequence == 7 && survey.records == [1: 3, 6: 3, 8: 1])
    #expect(survey.checkpoint?.durableSequence == 7 && survey.checkpoint?.oldestSegment == 1)
    let segment = try #require(survey.segments.first)
    #expect(survey.segments.count == 1 && segment.records == 7 && segment.end == .clean && !segment.isDamaged)
    #expect(segment.firstSequence == 1 && segment.lastSequence == 7 && segment.usedBytes == segment.byteCount)
    #expect(records.map(\.sequence) == Array(1...7) && records.map(\.offset) == [4096, 4136, 8192, 8232, 12_288, 12_328, 16_384])
    #expect(String(decoding: records[2].payload, as: UTF8.self) == "second" && records[2].kind == .event)
  }

  @Test func listsAllDamageAndReadsWhatIsBetween() throws {
    let disk = try written().disk
    try change(disk) { bytes in
      // The payload of the first, and the header of the second event.
      bytes[4096 + 32] ^= 1
      bytes[8192 + 16] ^= 1
    }
    let (survey, records) = try inspect(disk)
    #expect(
      survey.damages == [
        LogDamage(
          segment: "seg-0000000000000001.log", offset: 4096, reason: "the payload of record 1 (event) is damaged", lost: 1...1),
        LogDamage(segment: "seg-0000000000000001.log", offset: 8192, reason: "a record is damaged", lost: 3...3),
      ])
    #expect(records.map(\.sequence) == [2, 4, 5, 6, 7])
  }

  @Test func tellsASegmentOfAnotherLog() throws {
    let disk = try written().disk
    let name = "seg-0000000000000008.log"
    disk.setContent("/log/" + name, try #require(try written().disk.content(Self.path)))
    let other = LogDamage(segment: name, offset: 16, reason: "the segment belongs to another log", lost: nil)
    let (survey, records) = try inspect(disk)
    #expect(survey.damages == [other])
    #expect(records.filter(\.isStray).map(\.segment) == [String](repeating: name, count: 7))
    #expect(survey.records == [1: 3, 6: 3, 8: 1], "those of the log only")
  }

  /// A process was killed between a CHECKPOINT and the removal of the segments that it gives up.
  @Test func whatRetentionHasGivenUpDoesNotComeBack() throws {
    let disk = FaultyDisk()
    let (log, _) = try DurableLog.open(.small, disk: disk, clock: SystemWallClock()) { _ in }
    for number in 0..<20 { #expect(log.appendAll([[UInt8](repeating: UInt8(number), count: 3000)])[0].error == nil) }
    let old = disk.files
    let boundary = log.sealedSegments[1].firstSequence
    try log.removeSegments(before: boundary)
    log.close()
    for (path, bytes) in old where disk.content(path) == nil { disk.setContent(path, bytes) }
    #expect(try inspect(disk).survey.leftovers == ["seg-0000000000000001.log"])
    let kept = try inspect(disk).records.filter { $0.kind == .event }
    let path = try #require(disk.paths.last { $0.hasSuffix(".log") })
    try change(disk, path) { $0[4096 + 32] ^= 1 }
    guard
      case .repaired(let report) = try LogRepair.run(
        "/log", isDryRun: false, disk: disk, clock: FixedClock(), describe: { _ in [] })
    else {
      Issue.record("not repaired")
      return
    }
    #expect(report.kept == [1: UInt64(kept.count - 1)] && report.gaps.count == 1)
  }

  @Test func aTornTailIsNoDamage() throws {
    let disk = try written(close: false).disk.afterKill()
    try change(disk) { $0 += [1, 2, 3] }
    let survey = try inspect(disk).survey
    #expect(survey.isSound && survey.tornTail == .init(segment: "seg-0000000000000001.log", offset: 16_384, bytes: 3))
    #expect(survey.segments.first?.end == .open)
  }

  @Test func findsThatTheEndIsMissing() throws {
    let disk = try written().disk
    try change(disk) { $0.removeLast($0.count - 8192) }
    #expect(try inspect(disk).survey.damages.map(\.lost) == [3...7])
  }

  @Test func refusesWhileAServerHasTheLog() throws {
    let (disk, log) = try written(close: false)
    #expect(throws: LogError.locked(directory: "/log")) { try inspect(disk) }
    for isDryRun in [true, false] {
      #expect(throws: LogError.locked(directory: "/log")) {
        try LogRepair.run("/log", isDryRun: isDryRun, disk: disk, clock: FixedClock()) { _ in [] }
      }
    }
    log.close()
    #expect(try inspect(disk).survey.isSound)
  }

  @Test func saysWhereNoLogIs() throws {
    #expect { try inspect(FaultyDisk()) } throws: { if case LogError.noLog = $0 { true } else { false } }
    #expect { try LogInspection.run("/no/such/directory") } throws: { if case LogError.noLog = $0 { true } else { false } }
  }

  @Test func changesNothing() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path
    let disk = SystemDisk()
    for (name, bytes) in try written().disk.files {
      let file = try disk.open(path + name.dropFirst("/log".count), create: true)
      _ = try file.write(bytes.span, at: 0)
    }
    let before = try disk.list(path).sorted()
    #expect(try LogInspection.run(path).isSound)
    #expect(try LogRepair.run(path, isDryRun: true, clock: FixedClock()) { _ in [] }.isSound)
    #expect(try disk.list(path).sorted() == before, "no lock file")
  }

  @Test func refusesWhatANewerVersionWrote() throws {
    let disk = try written().disk
    try change(disk) { retype(&$0, 11) }
    let error = LogError.unsupported(segment: "seg-0000000000000001.log", offset: 4096, what: "record type 11")
    #expect(throws: error) { try inspect(disk) }
    try change(disk) { $0[8192 + 32] ^= 1 }
    let before = disk.files
    #expect(throws: error) { try LogRepair.run("/log", isDryRun: false, disk: disk, clock: FixedClock()) { _ in [] } }
    #expect(disk.files == before)
  }

  /// A type that may be skipped is kept by a repair, byte for byte.
  @Test func keepsWhatItMaySkip() throws {
    let disk = try written().disk
    try change(disk) { bytes in
      retype(&bytes, 200)
      bytes[8192 + 32] ^= 1
    }
    _ = try LogRepair.run("/log", isDryRun: false, disk: disk, clock: FixedClock()) { _ in [] }
    let records = try inspect(disk).records.filter { $0.kind?.isInternal != true }
    #expect(records.map(\.type) == [200, 10, 1])
    #expect(records[0].payload == Array("first".utf8) && records[2].payload == Array("third".utf8))
    let gap = String(decoding: records[1].payload, as: UTF8.self)
    #expect(
      gap == #"""
        {"firstSequence":3,"lastSequence":3,"reason":"the payload is damaged","segment":"seg-0000000000000001.log",\#
        "offset":8192,"records":[{"sequence":3,"type":1,"bytes":6}],"at":"2027-01-15T08:00:00.000Z"}
        """#)
  }

  /// On a full disk nothing is begun, or what was begun goes again.
  @Test(arguments: [1000, 1_060_000]) func needsRoomForTheNewLog(usable: Int) throws {
    let disk = try written().disk
    try change(disk) { $0[8192 + 32] ^= 1 }
    let before = disk.files
    disk.setUsable(usable)
    if usable > 1_000_000 { disk.inject(.full, atEvery: "pwrite") }
    #expect { try LogRepair.run("/log", isDryRun: false, disk: disk, clock: FixedClock()) { _ in [] } } throws: { error in
      switch error {
      case LogError.repairNeedsSpace(free: usable, _): usable == 1000
      case LogError.disk(let error): usable > 1000 && error.isDiskFull
      default: false
      }
    }
    #expect(disk.files == before)
  }

  /// The medium cannot read one block: what lies in the others is kept.
  @Test func readsAroundABadBlock() throws {
    let disk = BadBlockDisk(disk: try written().disk, path: Self.path, block: 2)
    let (survey, records) = try inspect(disk)
    #expect(survey.damages.map(\.offset) == [8192, 8192] && survey.damages[0].lost == 3...4)
    #expect(survey.damages[1].reason == "1 blocks of 4096 bytes cannot be read from the disk")
    #expect(records.map(\.sequence) == [1, 2, 5, 6, 7])
    guard
      case .repaired(let report) = try LogRepair.run(
        "/log", isDryRun: false, disk: disk, clock: FixedClock(), describe: { _ in [] })
    else {
      Issue.record("not repaired")
      return
    }
    #expect(report.kept == [1: 2] && report.gaps.map(\.sequences) == [3...4])
    var found: [RecordKind] = []
    _ = try DurableLog.open(.roomy, disk: disk.disk, clock: SystemWallClock()) { found.append($0.kind) }
    #expect(found == [.event, .gap, .event])
  }

  /// Gives the first record another type, with the right checksum.
  private func retype(_ bytes: inout [UInt8], _ type: UInt8) {
    bytes[4096 + 12] = type
    let place = (0..<8).map { UInt8(truncatingIfNeeded: 4096 >> ($0 * 8)) }
    let checked = Array(bytes[4096 + 8..<4096 + 32]) + bytes[16..<32] + place
    let checksum = unsafe relaunch_crc32c(0, checked, checked.count)
    bytes.replaceSubrange(4100..<4104, with: (0..<4).map { UInt8(truncatingIfNeeded: checksum >> ($0 * 8)) })
  }
}

extension LogRepair.Outcome {
  fileprivate var isSound: Bool { if case .sound = self { true } else { false } }
}

/// A disk of which one block of one file cannot be read.
private struct BadBlockDisk: Disk {
  let disk: FaultyDisk
  let path: String
  let block: Int

  private struct File: DiskFile {
    let file: any DiskFile
    let bad: Range<Int>

    func size() throws(DiskError) -> Int { try file.size() }
    func read(_ count: Int, at offset: Int) throws(DiskError) -> [UInt8] {
      guard !bad.overlaps(offset..<offset + count) else { throw DiskError(call: "pread", path: "", code: 5) }
      return try file.read(count, at: offset)
    }
    func write(_ bytes: Span<UInt8>, at offset: Int) throws(DiskError) -> Int { try file.write(bytes, at: offset) }
    func sync() throws(DiskError) { try file.sync() }
    func truncate(to length: Int) throws(DiskError) { try file.truncate(to: length) }
  }

  func createDirectory(_ path: String) throws(DiskError) -> Bool { try disk.createDirectory(path) }
  func list(_ path: String) throws(DiskError) -> [String] { try disk.list(path) }
  func open(_ path: String, create: Bool) throws(DiskError) -> any DiskFile { try disk.open(path, create: create) }
  func openForReading(_ path: String) throws(DiskError) -> any DiskFile {
    let file = try disk.openForReading(path)
    // Once another file has its name, it is another file.
    guard path == self.path, disk.content("/log/quarantine/1/seg-0000000000000001.log") == nil else { return file }
    return File(file: file, bad: block * 4096..<(block + 1) * 4096)
  }
  func rename(_ source: String, to destination: String) throws(DiskError) { try disk.rename(source, to: destination) }
  func remove(_ path: String) throws(DiskError) { try disk.remove(path) }
  func removeDirectory(_ path: String) throws(DiskError) { try disk.removeDirectory(path) }
  func syncDirectory(_ path: String) throws(DiskError) { try disk.syncDirectory(path) }
  func space(_ path: String) throws(DiskError) -> DiskSpace { try disk.space(path) }
  func lock(_ path: String) throws(DiskError) -> (any Sendable)? { try disk.lock(path) }
  func lockForReading(_ path: String) throws(DiskError) -> (any Sendable)? { try disk.lockForReading(path) }
}
