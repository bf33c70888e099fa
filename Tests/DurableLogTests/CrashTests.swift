import Clocks
import DurableLog
import Locks
import TestSupport
import Testing

struct CrashTests {
  /// What a run of a log did, as its clients know it.
  struct History {
    var submitted: [[UInt8]] = []
    var acknowledged: Set<[UInt8]> = []
  }

  /// 20,000 disks as a loss of power may leave them, some while a batch is written, some while recovery itself is at work.
  @Test(arguments: 0..<8) func losesNothingAcknowledgedInAnyCrash(worker: UInt64) throws {
    let seed = TestSeed.value &+ worker
    var generator = SplitMix(seed: seed)
    var states = 0
    while states < 2500 {
      let disk = FaultyDisk()
      var history = History()
      try run(on: disk, &history, &generator, batches: Int.random(in: 1...4, using: &generator))
      for _ in 0..<25 {
        let found = disk.afterPowerLoss(using: &generator)
        try checkRecovery(found, history, seed: seed, &generator, depth: 2)
        states += 1
      }
    }
  }

  /// Appends some batches; power fails at a random call of the last one, or after it.
  private func run(on disk: FaultyDisk, _ history: inout History, _ generator: inout SplitMix, batches: Int) throws {
    var configuration = LogConfiguration.small
    if Bool.random(using: &generator) { configuration.aheadBytes = 0 }
    let (log, _) = try DurableLog.open(configuration, disk: disk, clock: SystemWallClock()) { _ in }
    for batch in 0..<batches {
      if batch == batches - 1 {
        let fault: FaultyDisk.Fault = Bool.random(using: &generator) ? .error(5) : .powerOff
        disk.inject(fault, atCall: disk.calls + Int.random(in: 1...8, using: &generator))
      }
      let payloads = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
        // A number that no other payload has, and a length that now and then crosses blocks.
        let name = unsafe withUnsafeBytes(of: generator.next()) { unsafe Array($0) }
        let length = Int.random(in: 0...9, using: &generator) == 0 ? 3000 : 200
        return name + [UInt8](repeating: name[0], count: Int.random(in: 0...length, using: &generator))
      }
      history.submitted += payloads
      for (payload, result) in zip(payloads, log.appendAll(payloads)) {
        if case .success = result { history.acknowledged.insert(payload) }
      }
    }
  }

  private func checkRecovery(
    _ disk: FaultyDisk, _ history: History, seed: UInt64, _ generator: inout SplitMix, depth: Int
  ) throws {
    if depth > 0, Bool.random(using: &generator) {
      // Recovery is stopped by a failing call, then power fails again.
      disk.inject(.powerOff, atCall: Int.random(in: 1...20, using: &generator))
      _ = try? DurableLog.open(.small, disk: disk, clock: SystemWallClock()) { _ in }
      return try checkRecovery(disk.afterPowerLoss(using: &generator), history, seed: seed, &generator, depth: depth - 1)
    }
    var found: [[UInt8]] = []
    let (log, report) = try DurableLog.open(.small, disk: disk, clock: SystemWallClock()) { found.append($0.payload) }
    #expect(found == Array(history.submitted.prefix(found.count)), "seed \(seed): a record that nobody wrote, or out of order")
    let lost = history.acknowledged.subtracting(found).count
    #expect(lost == 0, "seed \(seed): \(lost) acknowledged records lost; \(report)")
    // What was replayed stays, whatever happens next; and the log goes on.
    guard Int.random(in: 0...3, using: &generator) == 0 else { return }
    let after = disk.afterPowerLoss(using: &generator)
    var again: [[UInt8]] = []
    _ = try DurableLog.open(.small, disk: after, clock: SystemWallClock()) { again.append($0.payload) }
    #expect(again == found, "seed \(seed): a record was replayed and then lost")
    #expect(log.appendAll([[1, 2, 3]]).count == 1)
  }
}
