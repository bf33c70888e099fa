import Clocks
@testable import DurableLog
import TestSupport

/// Logs on disks that go bad, as the tests of damage and of its repair need them.
enum DamagedLog {
  enum Damage: String, CaseIterable {
    case bit, byte, zeroedSector, randomSector, cut, cutBlock, extended, swappedSectors, missing, duplicate, renamed, otherJournal
    case staleSlot, bothSlots, noCheckpoint
  }

  /// A log of several segments, all of it synced and the checkpoint up to date.
  static func written(_ generator: inout SplitMix) throws -> (disk: FaultyDisk, payloads: [[UInt8]]) {
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
  static func inflict(_ damage: Damage, on disk: FaultyDisk, _ other: FaultyDisk, _ generator: inout SplitMix) -> Bool {
    let segments = disk.paths.filter { $0.hasSuffix(".log") }
    let checkpoint = "/log/CHECKPOINT"
    guard let path = segments.randomElement(using: &generator), var bytes = disk.content(path) else { return false }
    // What lies behind the records counts for nothing, so most of the damage is done before it.
    let used = (bytes.lastIndex { $0 != 0 } ?? 0) + 1
    guard used <= bytes.count else { return false }
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
    case .cutBlock:
      // The last block of the log, and nothing but the CHECKPOINT shows it.
      guard path == segments.last, used > 8192 else { return false }
      bytes.removeLast(bytes.count - (used - 1) / 4096 * 4096)
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

/// A record and where it lies, found by the offsets of the format's tables and not through the code under test.
struct WrittenRecord {
  let path: String
  let range: Range<Int>
  let sequence: UInt64
  let type: UInt8
  let payload: [UInt8]

  /// The records of the segments on `disk`, which are whole, in their order.
  static func all(on disk: FaultyDisk) -> [WrittenRecord] {
    var records: [WrittenRecord] = []
    for path in disk.paths where path.hasSuffix(".log") {
      let bytes = disk.content(path) ?? []
      func number(_ range: Range<Int>) -> UInt64 { bytes[range].reversed().reduce(0) { $0 << 8 | UInt64($1) } }
      var start = 4096
      while start + 32 <= bytes.count, number(start..<start + 4) == 0x3152_4A4B {
        let length = Int(number(start + 8..<start + 12))
        records.append(
          WrittenRecord(
            path: path, range: start..<start + (32 + length + 7) / 8 * 8, sequence: number(start + 16..<start + 24),
            type: bytes[start + 12], payload: Array(bytes[start + 32..<start + 32 + length])))
        start += (32 + length + 7) / 8 * 8
      }
    }
    return records
  }

  /// Whether some segment on `disk` still has the record's bytes in their place, and the header of its segment.
  func isUntouched(from original: FaultyDisk, on disk: FaultyDisk) -> Bool {
    guard let before = original.content(path) else { return false }
    return disk.paths.contains { other in
      guard other.hasSuffix(".log"), let bytes = disk.content(other), bytes.count >= range.upperBound else { return false }
      return bytes[range] == before[range] && bytes[..<4096] == before[..<4096]
    }
  }

  /// The log's own records: PAD, SEAL and CLEAN.
  var isFill: Bool { (6...8).contains(type) }
}

extension FaultyDisk {
  /// All that a reader sees.
  var files: [String: [UInt8]] { Dictionary(uniqueKeysWithValues: paths.map { ($0, content($0) ?? []) }) }
}
