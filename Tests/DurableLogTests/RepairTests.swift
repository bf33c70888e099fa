import Clocks
@testable import DurableLog
import TestSupport
import Testing

/// Logs that went bad in some places are repaired: what was not touched is kept, and what is missing is named.
/// A tenth of `RELAUNCH_SIMULATED_STATES` says how many; 2,000 without it.
struct RepairTests {
  private static let workers = 4
  private static let tally = Tally()

  private func repair(_ disk: FaultyDisk, isDryRun: Bool = false) throws -> LogRepair.Outcome {
    try LogRepair.run("/log", isDryRun: isDryRun, disk: disk, clock: FixedClock()) { _ in Array("report".utf8) }
  }

  /// The records that are replayed, and the payloads of those that are no gaps.
  private func replay(_ disk: FaultyDisk) throws -> (records: [LogRecord], payloads: [[UInt8]]) {
    var records: [LogRecord] = []
    _ = try DurableLog.open(.small, disk: disk, clock: SystemWallClock()) { record in records.append(record) }
    return (records, records.filter { $0.kind != .gap }.map(\.payload))
  }

  @Test(arguments: 0..<Self.workers) func keepsEveryRecordThatIsUntouched(worker: Int) async throws {
    let seed = TestSeed.value &+ UInt64(worker)
    var generator = SplitMix(seed: seed)
    var states = 0
    while states < TestSeed.states / 10 / Self.workers {
      await Task.yield()
      let disk = try DamagedLog.written(&generator).disk
      let records = WrittenRecord.all(on: disk)
      let other = try DamagedLog.written(&generator).disk
      for _ in 0..<20 {
        states += 1
        let damaged = disk.afterKill()
        var damages: [DamagedLog.Damage] = []
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
          guard let damage = DamagedLog.Damage.allCases.randomElement(using: &generator) else { continue }
          if DamagedLog.inflict(damage, on: damaged, other, &generator) { damages.append(damage) }
        }
        try check(damaged, damages, original: disk, records, "seed \(seed), state \(states): \(damages)")
      }
    }
    Self.tally.expectEach(["sound", "repaired", "lossless", "gaps"], after: states)
  }

  private func check(
    _ damaged: FaultyDisk, _ damages: [DamagedLog.Damage], original: FaultyDisk, _ written: [WrittenRecord], _ seed: String
  ) throws {
    let before = damaged.files
    let survey: LogSurvey
    do { survey = try LogInspection.run("/log", disk: damaged) } catch LogError.noLog {
      return Self.tally.count("nothing left")
    }
    #expect(damaged.files == before, "\(seed): looking changed it")
    let opened = Result { try replay(damaged.afterKill()) }
    if case .success = opened {
      #expect(survey.isSound, "\(seed): recovery opens it, and \(survey.damages)")
    } else {
      #expect(!survey.isSound, "\(seed): recovery refuses it: \(opened)")
    }
    let untouched = written.filter { !$0.isFill && $0.isUntouched(from: original, on: damaged) }
    let plan = try repair(damaged, isDryRun: true)
    #expect(damaged.files == before, "\(seed): a dry run changed it")
    guard case .repaired(let report) = try repair(damaged) else {
      #expect(survey.isSound && damaged.files == before, "\(seed): not repaired")
      return Self.tally.count("sound")
    }
    Self.tally.count("repaired")
    if case .planned(let planned) = plan { #expect(planned == report, "\(seed)") } else { Issue.record("\(seed): \(plan)") }
    #expect(try LogInspection.run("/log", disk: damaged).isSound, "\(seed)")
    #expect(Set(before.values).isSubset(of: damaged.files.values), "\(seed): a file of the old log is gone")
    let found = try replay(damaged.afterKill())
    // Where neither CHECKPOINT nor a segment says whose log it is, another may be taken for it.
    let isNamed =
      survey.checkpoint != nil && before.contains { $0.hasSuffix(".log") && $1.count > 32 && $1[16..<32] == name(original) }
    if damages.contains(.otherJournal), !isNamed { return Self.tally.count("other log") }
    let payloads = written.filter { !$0.isFill }.map(\.payload)
    let isInOrder = found.payloads == payloads.filter(Set(found.payloads).contains)
    #expect(isInOrder, "\(seed): not the log's records in order")
    let lost = Set(untouched.map(\.payload)).subtracting(found.payloads)
    #expect(lost.isEmpty, "\(seed): \(lost.count) of \(untouched.count) untouched records lost; \(report)")
    checkGaps(report, written, Set(found.payloads), survey, seed)
    #expect(found.records.count == found.payloads.count + report.gaps.count, "\(seed): a record for each gap")
    if report.gaps.isEmpty { Self.tally.count("lossless") } else { Self.tally.count("gaps") }
  }

  /// The journal's.
  private func name(_ disk: FaultyDisk) -> ArraySlice<UInt8>? {
    disk.paths.first { $0.hasSuffix(".log") }.flatMap { disk.content($0)?[16..<32] }
  }

  /// What is missing is named, and what is there is not.
  private func checkGaps(
    _ report: RepairReport, _ written: [WrittenRecord], _ kept: Set<[UInt8]>, _ survey: LogSurvey, _ seed: String
  ) {
    for record in written where !record.isFill {
      let isNamed = report.gaps.contains { $0.sequences.contains(record.sequence) }
      let isKept = kept.contains(record.payload)
      // With an old CHECKPOINT or none the end of the log may be missing and nothing shows that it was there.
      if isKept || record.sequence <= survey.checkpoint?.durableSequence ?? 0 {
        #expect(isNamed != isKept, "\(seed): record \(record.sequence), kept \(isKept); \(report.gaps)")
      }
    }
    for record in report.gaps.flatMap(\.records) {
      let original = written.first { $0.sequence == record.sequence }
      #expect(original?.type == record.type && original?.payload.count == record.byteCount, "\(seed): \(record)")
    }
  }
}

/// A clock that stands.
struct FixedClock: WallClock {
  func now() -> Timestamp { Timestamp(seconds: 1_800_000_000) }
}
