import Clocks
@testable import DurableLog
import Locks
import TestSupport
import Testing

/// Disks as a loss of power may leave them: while a batch is written, a segment begun, a checkpoint written, segments removed, or while
/// recovery itself is at work. `RELAUNCH_SIMULATED_STATES` says how many; 10,000 without it.
struct CrashTests {
  private static let workers = 8
  private static let disksPerRun = 25
  private static let tally = Tally()

  /// What a run of a log did, as its clients know it.
  struct History {
    var submitted: [[UInt8]] = []
    var acknowledged: [[UInt8]: UInt64] = [:]
    /// Records of segments before this one may be gone.
    var removedBefore: UInt64 = 0
  }

  @Test(arguments: 0..<Self.workers) func losesNothingAcknowledgedInAnyCrash(worker: Int) async throws {
    let seed = TestSeed.value &+ UInt64(worker)
    var generator = SplitMix(seed: seed)
    var states = 0
    while states < TestSeed.states / Self.workers {
      await Task.yield()
      let disk = FaultyDisk()
      var history = History()
      try run(on: disk, &history, &generator, batches: Int.random(in: 1...12, using: &generator))
      for _ in 0..<Self.disksPerRun {
        try checkRecovery(disk.afterPowerLoss(using: &generator), history, seed: seed, &generator, depth: 2)
        states += 1
      }
    }
    Self.tally.expectEach(RecoveryReport.Tail.allCases.map(\.rawValue), after: states)
  }

  /// Appends batches, with checkpoints and removals between them; power fails at a random call of the last step, or after it.
  private func run(on disk: FaultyDisk, _ history: inout History, _ generator: inout SplitMix, batches: Int) throws {
    var configuration = LogConfiguration.small
    if Bool.random(using: &generator) { configuration.aheadBytes = 0 }
    if Bool.random(using: &generator) { configuration.reserveBytes = 8 << 10 }
    if batches == 1 { disk.inject(.powerOff, atCall: Int.random(in: 1...30, using: &generator)) }
    guard let (log, _) = try? DurableLog.open(configuration, disk: disk, clock: SystemWallClock(), replay: { _ in }) else {
      return
    }
    for batch in 0..<batches {
      if batch == batches - 1 {
        let fault: FaultyDisk.Fault = Bool.random(using: &generator) ? .error(5) : .powerOff
        disk.inject(fault, atCall: disk.calls + Int.random(in: 1...12, using: &generator))
      }
      let payloads = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
        // A number that no other payload has, and a length that now and then crosses blocks.
        let name = unsafe withUnsafeBytes(of: generator.next()) { unsafe Array($0) }
        let length = Int.random(in: 0...9, using: &generator) == 0 ? 3000 : 200
        return name + [UInt8](repeating: name[0], count: Int.random(in: 0...length, using: &generator))
      }
      history.submitted += payloads
      for (payload, result) in zip(payloads, log.appendAll(payloads)) {
        if case .success(let position) = result { history.acknowledged[payload] = position.segment }
      }
      switch Int.random(in: 0...3, using: &generator) {
      case 0: try? log.writeCheckpoint()
      case 1 where log.sealedSegments.count > 1:
        history.removedBefore = log.sealedSegments[Int.random(in: 1..<log.sealedSegments.count, using: &generator)].firstSequence
        try? log.removeSegments(before: history.removedBefore)
      default: break
      }
    }
    if Int.random(in: 0...3, using: &generator) == 0 { log.close() }
  }

  private func checkRecovery(
    _ disk: FaultyDisk, _ history: History, seed: UInt64, _ generator: inout SplitMix, depth: Int
  ) throws {
    if depth > 0, Bool.random(using: &generator) {
      // Recovery is stopped by a failing call, then power fails again.
      disk.inject(.powerOff, atCall: Int.random(in: 1...30, using: &generator))
      _ = try? DurableLog.open(.small, disk: disk, clock: SystemWallClock()) { _ in }
      return try checkRecovery(disk.afterPowerLoss(using: &generator), history, seed: seed, &generator, depth: depth - 1)
    }
    var found: [[UInt8]] = []
    let (log, report) = try DurableLog.open(.small, disk: disk, clock: SystemWallClock()) { found.append($0.payload) }
    Self.tally.count(report.tail.rawValue)
    let first = found.first.flatMap { history.submitted.firstIndex(of: $0) } ?? 0
    let expected = history.submitted.dropFirst(first).prefix(found.count)
    #expect(found == Array(expected), "seed \(seed): a record that nobody wrote, or out of order")
    let kept = history.acknowledged.filter { $0.value >= history.removedBefore }.map(\.key)
    let lost = Set(kept).subtracting(found).count
    #expect(lost == 0, "seed \(seed): \(lost) acknowledged records lost; \(report)")
    // What was replayed stays, whatever happens next; and the log goes on.
    guard Int.random(in: 0...3, using: &generator) == 0 else { return }
    let after = disk.afterPowerLoss(using: &generator)
    var again: [[UInt8]] = []
    _ = try DurableLog.open(.small, disk: after, clock: SystemWallClock()) { again.append($0.payload) }
    #expect(again == found, "seed \(seed): a record was replayed and then lost")
    #expect(log.appendAll([[1, 2, 3]]).allSatisfy { $0.error == nil })
  }
}

/// Counts what a simulation met, over all its workers.
final class Tally: Sendable {
  private let counts = Mutex<[String: Int]>([:])

  func count(_ name: String) { counts.withLock { $0[name, default: 0] += 1 } }

  /// Expects that each of `names` was met at least once in a thousand states.
  func expectEach(_ names: [String], after states: Int) {
    let counts = counts.withLock { $0 }
    print("tally \(counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))")
    for name in names { #expect(counts[name, default: 0] >= states / 1000, "\(name) is not simulated") }
  }
}
