import Clocks
@testable import DurableLog
import TestSupport
import Testing

/// The power goes off in every call that a repair makes, and in the repair that follows: it comes to the same end, and until then no
/// server takes what is there for a log.
struct RepairCrashTests {
  private static let disksPerCall = max(1, TestSeed.states / 20_000)

  private func repair(_ disk: FaultyDisk) throws -> LogRepair.Outcome {
    try LogRepair.run("/log", isDryRun: false, disk: disk, clock: FixedClock()) { _ in Array("report".utf8) }
  }

  private func replay(_ disk: FaultyDisk) throws -> [[UInt8]] {
    var payloads: [[UInt8]] = []
    _ = try DurableLog.open(.small, disk: disk, clock: SystemWallClock()) { payloads.append($0.payload) }
    return payloads
  }

  @Test(arguments: DamagedLog.Damage.allCases) func comesToTheSameEnd(damage: DamagedLog.Damage) async throws {
    let seed = TestSeed.value
    var generator = SplitMix(seed: seed)
    let damaged = try damagedLog(damage, &generator)
    let old = Set(damaged.files.values)
    let whole = damaged.afterKill()
    guard case .repaired = try repair(whole) else {
      Issue.record("seed \(seed): not damaged")
      return
    }
    let expected = try replay(whole.afterKill())
    let calls = whole.calls
    #expect(calls > 50)
    for call in 1...calls {
      await Task.yield()
      let interrupted = damaged.afterKill()
      interrupted.inject(.powerOff, atCall: call)
      #expect(throws: LogError.self) { try repair(interrupted) }
      for _ in 0..<Self.disksPerCall {
        let found = interrupted.afterPowerLoss(using: &generator)
        checkServer(found.afterKill(), expected, "seed \(seed), \(damage), call \(call)")
        if Bool.random(using: &generator) {
          found.inject(.powerOff, atCall: Int.random(in: 1...calls, using: &generator))
          _ = try? repair(found)
          let again = found.afterPowerLoss(using: &generator)
          checkServer(again.afterKill(), expected, "seed \(seed), \(damage), call \(call), then another")
          try checkEnd(again, expected, old, "seed \(seed), \(damage), call \(call), then another")
        } else {
          try checkEnd(found, expected, old, "seed \(seed), \(damage), call \(call)")
        }
      }
    }
  }

  /// A log of some segments that is damaged in such a way that recovery refuses it.
  private func damagedLog(_ damage: DamagedLog.Damage, _ generator: inout SplitMix) throws -> FaultyDisk {
    while true {
      let disk = try DamagedLog.written(&generator).disk
      let other = try DamagedLog.written(&generator).disk
      guard disk.paths.count > 3, DamagedLog.inflict(damage, on: disk, other, &generator) else { continue }
      // Harmless alone: a slot, zeros behind the end.
      if [.staleSlot, .extended].contains(damage) { _ = DamagedLog.inflict(.bit, on: disk, other, &generator) }
      try disk.syncDirectory("/log")
      if try !LogInspection.run("/log", disk: disk).isSound { return disk.afterKill() }
    }
  }

  /// A server that is started between the two refuses, or finds all that the repair keeps.
  private func checkServer(_ disk: FaultyDisk, _ expected: [[UInt8]], _ seed: String) {
    do {
      let found = try replay(disk)
      #expect(found.count == expected.count, "\(seed): a server started with something else")
    } catch LogError.corrupt {
    } catch { Issue.record("\(seed): \(error)") }
  }

  private func checkEnd(_ disk: FaultyDisk, _ expected: [[UInt8]], _ old: Set<[UInt8]>, _ seed: String) throws {
    _ = try repair(disk)
    // A second time there is nothing to do.
    let files = disk.files
    guard case .sound(let survey) = try repair(disk) else {
      Issue.record("\(seed): not at its end")
      return
    }
    #expect(!survey.hasUnfinishedRepair && disk.files == files)
    #expect(old.isSubset(of: disk.files.values), "\(seed): a file of the old log is gone")
    let report = disk.paths.first { $0.hasSuffix("/report.json") }.flatMap { disk.content($0) }
    #expect(report == Array("report".utf8), "\(seed): no report")
    #expect(!disk.paths.contains { $0.hasPrefix("/log/repair/") }, "\(seed): \(disk.paths)")
    let isWhole = try replay(afterPowerLoss(disk)) == expected
    #expect(isWhole, "\(seed)")
  }

  private func afterPowerLoss(_ disk: FaultyDisk) -> FaultyDisk {
    var generator = SplitMix(seed: 0)
    return disk.afterPowerLoss(using: &generator)
  }
}
