import Clocks
@testable import DurableLog
import TestSupport
import Testing

struct FaultTests {
  private static let payloads = (0..<4).map { [UInt8](repeating: UInt8($0 + 1), count: 700 * ($0 + 1)) }

  private func open(_ disk: FaultyDisk, _ configuration: LogConfiguration = .small) throws -> DurableLog {
    try DurableLog.open(configuration, disk: disk, clock: SystemWallClock()) { _ in }.log
  }

  private func replay(_ disk: FaultyDisk) throws -> (payloads: [[UInt8]], report: RecoveryReport) {
    var payloads: [[UInt8]] = []
    let (_, report) = try DurableLog.open(.small, disk: disk, clock: SystemWallClock()) { payloads.append($0.payload) }
    return (payloads, report)
  }

  @Test func rotatesAndReadsEveryRecordByPosition() throws {
    let disk = FaultyDisk()
    let log = try open(disk)
    var appended: [(LogPosition, [UInt8])] = []
    for round in 0..<40 {
      let batch = Self.payloads.map { $0 + [UInt8(round)] }
      for (payload, result) in zip(batch, log.appendAll(batch)) { appended.append((try result.get(), payload)) }
    }
    #expect(log.counters.segments > 8)
    for (position, payload) in appended { #expect(try log.record(at: position).payload == payload) }
    log.close()
    let found = try replay(disk.afterKill())
    #expect(found.payloads == appended.map(\.1))
    #expect(found.report.wasClosed)
  }

  @Test func recoversAPrefixWithEveryAcknowledgedRecordFromEveryLengthOfTheLastBatch() throws {
    let disk = FaultyDisk()
    let log = try open(disk, .roomy)
    let path = "/log/seg-0000000000000001.log"
    #expect(log.appendAll(Self.payloads).allSatisfy { $0.error == nil })
    let acknowledged = try #require(disk.content(path)).count
    disk.inject(.powerOff, atEvery: "fdatasync")
    let last = [[UInt8](repeating: 9, count: 300), [UInt8](repeating: 8, count: 300)]
    _ = log.appendAll(last)
    let whole = try #require(disk.content(path))
    #expect(whole.count > acknowledged)
    for length in acknowledged...whole.count {
      let found = disk.afterKill()
      found.setContent(path, Array(whole.prefix(length)))
      let (payloads, report) = try replay(found)
      let expected = Self.payloads + last
      guard payloads.count >= Self.payloads.count, payloads == Array(expected.prefix(payloads.count)) else {
        Issue.record("cut at \(length): \(payloads.count) records, \(report)")
        return
      }
    }
  }

  /// Every byte would take minutes; a prime step meets headers, payloads and fills alike.
  @Test func refusesAFlippedByteBeforeTheLastBatchAndNamesThePlace() throws {
    let disk = FaultyDisk()
    let log = try open(disk, .roomy)
    for _ in 0..<3 { _ = log.appendAll(Self.payloads) }
    let path = "/log/seg-0000000000000001.log"
    let whole = try #require(disk.content(path))
    let end = whole.count / 3
    for offset in stride(from: 0, to: end, by: 13) {
      var bytes = whole
      bytes[offset] ^= 0x40
      let found = disk.afterKill()
      found.setContent(path, bytes)
      do {
        _ = try replay(found)
        Issue.record("flipped byte \(offset) was not noticed")
      } catch LogError.corrupt(let damage) {
        #expect(damage.segment == "seg-0000000000000001.log" && damage.offset <= max(offset, 40))
        #expect(found.content(path) == bytes, "nothing is changed")
      }
    }
  }

  @Test func refusesAMissingSegment() throws {
    let disk = FaultyDisk()
    let log = try open(disk)
    for _ in 0..<20 { _ = log.appendAll(Self.payloads) }
    log.close()
    for path in disk.paths.filter({ $0.hasSuffix(".log") }).dropLast() {
      let found = disk.afterKill()
      try found.remove(path)
      #expect(throws: LogError.self) { try replay(found) }
    }
  }

  @Test func aFullDiskRefusesEventsAndTheLogGoesOnWhenThereIsSpace() throws {
    let disk = FaultyDisk()
    let log = try open(disk, .roomy)
    #expect(log.appendAll(Self.payloads).allSatisfy { $0.error == nil })
    let used = disk.content("/log/seg-0000000000000001.log")?.count ?? 0
    disk.setUsable(1000)
    for result in log.appendAll([[1], [2]]) {
      guard case .diskFull = result.error else {
        Issue.record("\(result)")
        continue
      }
    }
    #expect(disk.content("/log/seg-0000000000000001.log")?.count == used)
    #expect(!log.isFailed)
    disk.setCapacity(.max)
    try log.writeCheckpoint()
    #expect(log.appendAll([[3]]).allSatisfy { $0.error == nil })
    log.close()
    #expect(try replay(disk.afterKill()).payloads == Self.payloads + [[3]])
  }

  /// The disk fills up; what jobs have to say still finds room, in the zeros and in the spare file.
  @Test func onAFullDiskRecordsOfWhatWasDoneAreStillTaken() throws {
    let disk = FaultyDisk()
    var configuration = LogConfiguration.small
    configuration.segmentBytes = 64 << 10
    configuration.reserveBytes = 32 << 10
    configuration.checkpointDelay = .milliseconds(1)
    let log = try open(disk, configuration)
    #expect(log.appendAll([[1]])[0].error == nil)
    while !disk.paths.contains("/log/spare.tmp") || disk.callNames.last == "pwrite" { try log.writeCheckpoint() }
    disk.setUsable(0)
    var kept: [[UInt8]] = [[1]]
    // One by one, so that each is a batch and takes a block.
    for number in 0..<5 {
      let results = [log.appendAll([[2, UInt8(number)]], .event)[0], log.appendAll([[3, UInt8(number)]], .job)[0]]
      #expect(results[1].error == nil, "\(number): \(String(describing: results[1].error))")
      for (result, payload) in zip(results, [[2, UInt8(number)], [3, UInt8(number)]]) where result.error == nil {
        kept.append(payload)
      }
    }
    #expect(log.appendAll([[9]])[0].error != nil, "an event")
    #expect(log.counters.segments == 2)
    log.close()
    #expect(try replay(disk.afterKill()).payloads == kept)
  }

  /// All descriptors are taken, by connections say, when the log needs another segment: it is as with a full disk.
  @Test(arguments: [["open"], ["fsync"], ["open", "fsync"]]) func withoutDescriptorsTheLogWaitsAndGoesOn(_ calls: [String]) throws
  {
    let disk = FaultyDisk()
    let log = try open(disk)
    #expect(log.appendAll(Self.payloads).allSatisfy { $0.error == nil })
    var kept = Self.payloads
    for round in 0..<3 {
      for call in calls { disk.inject(.error(24), atEvery: call) }
      for number in 0..<20 {
        let payload = [UInt8](repeating: UInt8(number + 20 * round), count: 3000)
        switch log.appendAll([payload])[0] {
        case .success: kept.append(payload)
        case .failure(.diskFull): break
        case .failure(let error): Issue.record("\(error)")
        }
      }
      for call in calls { disk.inject(nil, atEvery: call) }
      try log.writeCheckpoint()
      let payload = [UInt8(round)]
      #expect(log.appendAll([payload])[0].error == nil, "round \(round)")
      kept.append(payload)
    }
    #expect(log.counters.segments > 3)
    log.close()
    #expect(try replay(disk.afterKill()).payloads == kept)
  }

  @Test func recordsAreWrittenOverZerosAndTheFileDoesNotGrow() throws {
    let disk = FaultyDisk()
    var configuration = LogConfiguration.roomy
    configuration.aheadBytes = 64 << 10
    let log = try open(disk, configuration)
    let path = "/log/seg-0000000000000001.log"
    #expect(log.appendAll([[1]])[0].error == nil)
    let length = try #require(disk.content(path)).count
    #expect(length == SegmentHeader.byteCount + configuration.aheadBytes)
    // Two blocks are kept for the end.
    for _ in 0..<13 { #expect(log.appendAll([[2]])[0].error == nil) }
    #expect(disk.content(path)?.count == length, "fourteen blocks of zeros took fourteen batches")
    #expect(log.appendAll([[3]])[0].error == nil)
    #expect(try #require(disk.content(path)).count > length)
    log.close()
    let end = try #require(disk.content(path))
    #expect(end.count == SegmentHeader.byteCount + 16 * BatchEncoder.blockBytes, "nothing stands behind the end")
    #expect(try replay(disk.afterKill()).payloads == [[1]] + Array(repeating: [2], count: 13) + [[3]])
  }

  /// Not all the zeros fit, the batch does.
  @Test func aDiskTooFullForZerosStillTakesRecords() throws {
    let disk = FaultyDisk()
    var configuration = LogConfiguration.roomy
    configuration.aheadBytes = 4 << 10
    let log = try open(disk, configuration)
    #expect(log.appendAll([[0]])[0].error == nil)
    configuration.aheadBytes = 64 << 10
    log.close()
    disk.setUsable(SegmentHeader.byteCount + 5 * BatchEncoder.blockBytes)
    let again = try open(disk.afterKill(), configuration)
    for number in 1..<4 { #expect(again.appendAll([[UInt8(number)]], .job)[0].error == nil) }
    again.close()
  }

  @Test func aFullDiskAtRotationLosesNothing() throws {
    let disk = FaultyDisk()
    let log = try open(disk)
    var kept: [[UInt8]] = []
    for capacity in stride(from: 4096, to: 250_000, by: 1000) {
      disk.setCapacity(capacity)
      // Looks how much room there is now.
      try log.writeCheckpoint()
      for (payload, result) in zip(Self.payloads, log.appendAll(Self.payloads)) where result.error == nil { kept.append(payload) }
    }
    #expect(!log.isFailed)
    #expect(kept.count > 10, "how many share a batch is chance")
    #expect(log.counters.refusedDiskFull > 0 && log.counters.segments > 2)
    disk.setCapacity(.max)
    #expect(try replay(disk.afterKill()).payloads == kept)
  }

  @Test func aFailedSyncEndsTheLogAndItsRecordsAreNeverAcknowledged() throws {
    let disk = FaultyDisk()
    let log = try open(disk, .roomy)
    _ = log.appendAll(Self.payloads)
    disk.inject(.error(5), atCall: disk.calls + 2)
    let failure = LogError.failed(DiskError(call: "fdatasync", path: "/log/seg-0000000000000001.log", code: 5))
    #expect(log.appendAll([[1], [2]]).map(\.error) == [failure, failure])
    #expect(log.appendAll([[3]]).map(\.error) == [failure], "the next sync would succeed, but it must not be asked")
    #expect(log.isFailed && log.refusal == failure)
    var generator = SplitMix()
    // The page cache still shows the lost pages: what is replayed from them must survive a loss of power afterwards.
    let killed = disk.afterKill()
    let found = try replay(killed).payloads
    #expect(found.starts(with: Self.payloads))
    #expect(try replay(killed.afterPowerLoss(using: &generator)).payloads == found, "seed \(generator.seed)")
  }

  /// What the failed batch left behind a CLEAN would be damage.
  @Test func writesNothingMoreWhenTheLastBatchFails() throws {
    let disk = FaultyDisk()
    let log = try open(disk, .roomy)
    _ = log.appendAll(Self.payloads)
    disk.inject(.error(5), atCall: disk.calls + 2)
    log.append(.event, [UInt8](repeating: 9, count: 20_000), .soon) { _ in }
    log.close()
    #expect(log.isFailed)
    let found = try replay(disk.afterKill()).payloads
    #expect(found.starts(with: Self.payloads))
  }

  @Test(arguments: ["pwrite", "pread"]) func finishesShortCalls(call: String) throws {
    let disk = FaultyDisk()
    disk.inject(.short, atEvery: call)
    let log = try open(disk)
    #expect(log.appendAll(Self.payloads).allSatisfy { $0.error == nil })
    log.close()
    disk.inject(.short, atEvery: call)
    #expect(try replay(disk).payloads == Self.payloads)
  }

  /// Each call of a run with rotations fails once, or is interrupted; then the disk is opened again.
  @Test(arguments: [5, 28, 4] as [Int32]) func losesNothingWhicheverCallFails(code: Int32) throws {
    func run(_ disk: FaultyDisk) -> [[UInt8]] {
      guard let log = try? open(disk) else { return [] }
      var kept: [[UInt8]] = []
      for _ in 0..<8 {
        for (payload, result) in zip(Self.payloads, log.appendAll(Self.payloads)) where result.error == nil {
          kept.append(payload)
        }
      }
      log.close()
      return kept
    }
    let clean = FaultyDisk()
    #expect(run(clean).count == 32)
    for call in 1...clean.calls {
      let disk = FaultyDisk()
      disk.inject(.error(code), atCall: call)
      let kept = run(disk)
      let found = try replay(disk.afterKill()).payloads
      var rest = found[...]
      for payload in kept {
        guard let index = rest.firstIndex(of: payload) else {
          Issue.record("call \(call) (\(clean.callNames[call - 1])): a record is lost")
          break
        }
        rest = rest[(index + 1)...]
      }
    }
  }

  @Test func aSecondOpenerIsRefusedUntilTheFirstHasClosed() throws {
    let directory = try TemporaryDirectory()
    let configuration = LogConfiguration(directory: directory.path + "/log")
    let (first, _) = try DurableLog.open(configuration, clock: SystemWallClock()) { _ in }
    #expect(throws: LogError.locked(directory: configuration.directory)) {
      try DurableLog.open(configuration, clock: SystemWallClock()) { _ in }
    }
    first.close()
    #expect(first.appendAll([[1]]).map(\.error) == [.closed])
    _ = try DurableLog.open(configuration, clock: SystemWallClock()) { _ in }
  }

  @Test func refusesWhatIsOverABoundAtOnce() throws {
    var configuration = LogConfiguration.small
    configuration.pendingBytesLimit = 1000
    let log = try open(FaultyDisk(), configuration)
    let results = log.appendAll((0..<200).map { _ in [UInt8](repeating: 1, count: 990) })
    #expect(results.contains { if case .overloaded = $0.error { true } else { false } })
    let limit = LogConfiguration.payloadBytesLimit
    #expect(log.appendAll([[UInt8](repeating: 0, count: limit + 1)]).map(\.error) == [.tooLarge(bytes: limit + 1, limit: limit)])
    #expect(
      log.appendAll([[UInt8](repeating: 0, count: limit)]).map(\.error) == [nil], "a record over the queue's bound goes alone")
  }
}
