import Clocks
@testable import DurableLog
import TestSupport
import Testing

/// Disks that were whole and synced, and then went bad in one place: what was acknowledged is there, or the log says that it is not.
/// `RELAUNCH_SIMULATED_STATES` says how many; 10,000 without it.
struct DamageTests {
  private static let workers = 4
  private static let tally = Tally()

  @Test(arguments: 0..<Self.workers) func noDamageIsSilent(worker: Int) async throws {
    let seed = TestSeed.value &+ UInt64(worker)
    var generator = SplitMix(seed: seed)
    var states = 0
    while states < TestSeed.states / Self.workers {
      await Task.yield()
      let (disk, payloads) = try DamagedLog.written(&generator)
      let other = try DamagedLog.written(&generator).disk
      for _ in 0..<100 {
        states += 1
        let damaged = disk.afterKill()
        let damage = DamagedLog.Damage.allCases.randomElement(using: &generator) ?? .bit
        guard DamagedLog.inflict(damage, on: damaged, other, &generator) else { continue }
        let before = damaged.files
        var found: [[UInt8]] = []
        do {
          _ = try DurableLog.open(.small, disk: damaged, clock: SystemWallClock()) { found.append($0.payload) }
          Self.tally.count("\(damage.rawValue) harmless")
          #expect(found == payloads, "seed \(seed): \(damage) lost \(payloads.count - found.count) records and nothing was said")
        } catch LogError.corrupt(let report) {
          #expect(damage != .staleSlot, "seed \(seed): one slot is enough; \(report)")
          Self.tally.count("\(damage.rawValue) refused")
          let isNamed = report.lost.map { !$0.isEmpty } ?? true
          #expect(isNamed && !report.reason.isEmpty, "seed \(seed): \(report)")
          #expect(damaged.files == before, "seed \(seed): a log that is refused was changed")
        }
      }
    }
    Self.tally.expectEach(
      ["bit refused", "cut refused", "missing refused", "otherJournal refused", "extended harmless"], after: states / 14)
  }
}
