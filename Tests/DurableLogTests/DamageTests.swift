import Clocks
@testable import DurableLog
import TestSupport
import Testing

/// Disks that were whole and synced, and then went bad in one place: what was acknowledged is there, or the log says that it is not.
/// `RELAUNCH_SIMULATED_STATES` says how many; 20,000 without it.
struct DamageTests {
  enum Damage: String, CaseIterable {
    case bit, byte, zeroedSector, randomSector, cut, extended, swappedSectors, missing, duplicate, renamed, otherJournal
    case staleSlot, bothSlots, noCheckpoint
  }

  private static let workers = 4
  private static let tally = Tally()

  @Test(arguments: 0..<Self.workers) func noDamageIsSilent(worker: Int) throws {
    let seed = TestSeed.value &+ UInt64(worker)
    var generator = SplitMix(seed: seed)
    var states = 0
    while states < TestSeed.states / Self.workers {
      let (disk, payloads) = try written(&generator)
      let other = try written(&generator).disk
      for _ in 0..<100 {
        states += 1
        let damaged = disk.afterKill()
        let damage = Damage.allCases.randomElement(using: &generator) ?? .bit
        guard inflict(damage, on: damaged, other, &generator) else { continue }
        let before = damaged.files
        var found: [[UInt8]] = []
        do {
          _ = try DurableLog.open(.small, disk: damaged, clock: SystemWallClock()) { found.append($0.payload) }
          Self.tally.count("\(damage.rawValue) harmless")
          #expect(found == payloads, "seed \(seed): \(damage) lost \(payloads.count - found.count) records and nothing was said")
        } catch LogError.corrupt(let report) {
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

  /// A log of several segments, all of it synced and the checkpoint up to date.
  private func written(_ generator: inout SplitMix) throws -> (disk: FaultyDisk, payloads: [[UInt8]]) {
    let disk = FaultyDisk()
    let (log, _) = try DurableLog.open(.small, disk: disk, clock: SystemWallClock()) { _ in }
    var payloads: [[UInt8]] = []
    for _ in 0..<Int.random(in: 1...12, using: &generator) {
      let batch = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
        unsafe withUnsafeBytes(of: generator.next()) { unsafe Array($0) }
          + [UInt8](repeating: 7, count: Int.random(in: 0...900, using: &generator))
      }
      for result in log.appendAll(batch) { _ = try result.get() }
      payloads += batch
    }
    if log.sealedSegments.count > 1, Bool.random(using: &generator) {
      let boundary = log.sealedSegments[1].firstSequence
      try log.removeSegments(before: boundary)
      payloads = []
      _ = try DurableLog.open(.small, disk: disk.afterKill(), clock: SystemWallClock()) { payloads.append($0.payload) }
    }
    if Bool.random(using: &generator) { log.close() } else { try log.writeCheckpoint() }
    return (disk, payloads)
  }

  /// - Returns: false where there is nothing that could be damaged so.
  private func inflict(_ damage: Damage, on disk: FaultyDisk, _ other: FaultyDisk, _ generator: inout SplitMix) -> Bool {
    let segments = disk.paths.filter { $0.hasSuffix(".log") }
    let checkpoint = "/log/CHECKPOINT"
    guard let path = segments.randomElement(using: &generator), var bytes = disk.content(path) else { return false }
    // What lies behind the records counts for nothing, so most of the damage is done before it.
    let used = (bytes.lastIndex { $0 != 0 } ?? 0) + 1
    func sector() -> Range<Int> {
      let start = Int.random(in: 0..<used, using: &generator) / 512 * 512
      return start..<min(start + 512, bytes.count)
    }
    switch damage {
    case .bit: bytes[Int.random(in: 0..<used, using: &generator)] ^= 1 << UInt8.random(in: 0...7, using: &generator)
    case .byte: bytes[Int.random(in: 0..<used, using: &generator)] = .random(in: 0...255, using: &generator)
    case .zeroedSector: for index in sector() { bytes[index] = 0 }
    case .randomSector: for index in sector() { bytes[index] = .random(in: 0...255, using: &generator) }
    case .cut: bytes.removeLast(bytes.count - Int.random(in: 0..<used, using: &generator))
    case .extended:
      bytes += (0..<Int.random(in: 1...5000, using: &generator)).map { _ in .random(in: 0...255, using: &generator) }
    case .swappedSectors:
      let (left, right) = (sector(), sector())
      guard left.count == right.count else { return false }
      let saved = Array(bytes[left])
      bytes.replaceSubrange(left, with: bytes[right])
      bytes.replaceSubrange(right, with: saved)
    case .missing:
      try? disk.remove(path)
      return true
    case .duplicate:
      disk.setContent(path.replacing("seg-0", with: "seg-1"), bytes)
      return true
    case .renamed:
      disk.setContent(path.replacing("seg-0", with: "seg-1"), bytes)
      try? disk.remove(path)
      return true
    case .otherJournal:
      guard let foreign = other.content(path) else { return false }
      bytes = foreign
    case .staleSlot, .bothSlots:
      guard var slots = disk.content(checkpoint) else { return false }
      let offset = Int.random(in: 0..<56, using: &generator)
      if damage == .bothSlots || Bool.random(using: &generator) { slots[offset] ^= 0x10 }
      if damage == .bothSlots { slots[4096 + offset] ^= 0x10 }
      disk.setContent(checkpoint, slots)
      return true
    case .noCheckpoint:
      try? disk.remove(checkpoint)
      return true
    }
    disk.setContent(path, bytes)
    return true
  }
}

extension FaultyDisk {
  /// All that a reader sees.
  var files: [String: [UInt8]] { Dictionary(uniqueKeysWithValues: paths.map { ($0, content($0) ?? []) }) }
}
