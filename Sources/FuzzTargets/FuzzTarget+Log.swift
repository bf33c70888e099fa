import CShims
import Clocks
import DurableLog
import TestSupport

extension FuzzTarget {
  /// The input is a list of changes to a log of several segments; a first byte that is odd has the checksums made right again after
  /// them, so that what lies behind the checksums is reached too.
  static func checkLog(_ input: [UInt8]) throws(BrokenClaim) {
    let sample: SampleLog
    do { sample = try SampleLog.shared.get() } catch { throw BrokenClaim("the log could not be written: \(error)") }
    guard let first = input.first else { return }
    var files = sample.files
    for start in stride(from: 1, to: input.count - 4, by: 5) {
      LogEdit(input[start..<start + 5]).apply(to: &files)
    }
    let isSigned = first & 1 == 1
    if isSigned { for index in files.indices { sign(&files[index]) } }
    let disk = sample.disk(files)
    switch replay(disk) {
    case .failure(let error):
      try claimIsPresentable(error)
      // A checksum cannot be forged by chance: nothing but damage is found.
      if !isSigned {
        guard case .corrupt = error else { throw BrokenClaim("damage is taken for \(error)") }
      }
      try claim(files != sample.files, "a good log is refused: \(error)")
      for (index, file) in files.enumerated() where file != nil {
        try claim(disk.content(sample.paths[index]) == file, "a log that is refused was changed")
      }
    case .success(let found):
      if !isSigned { try check(found, in: sample, files) }
      try checkGoesOn(disk, after: found)
    }
  }

  /// What is found in a log that was damaged, and not forged.
  private static func check(_ found: [[UInt8]], in sample: SampleLog, _ files: [[UInt8]?]) throws(BrokenClaim) {
    try claim(found.elementsEqual(sample.payloads.prefix(found.count)), "\(found.count) records, and not the first of the log")
    if files == sample.files { try claim(found.count == sample.payloads.count, "a record of a good log is lost") }
    // The last batch proves that all before it was durable.
    if files.last??.dropFirst(sample.lastBatchOffset) == sample.files.last??.dropFirst(sample.lastBatchOffset) {
      try claim(found.count >= sample.durableCount, "\(found.count) records, where \(sample.durableCount) were durable")
    }
  }

  /// Claims that a log that was opened has the same when it is opened again, takes a record, and then has that too.
  private static func checkGoesOn(_ disk: FaultyDisk, after found: [[UInt8]]) throws(BrokenClaim) {
    let disk = disk.afterKill()
    let payload = Array("after".utf8)
    do {
      var kept: [[UInt8]] = []
      let (log, _) = try DurableLog.open(SampleLog.configuration, disk: disk, clock: SystemWallClock()) { record in
        kept.append(record.payload)
      }
      try claim(kept == found, "opened again it has \(kept.count) records instead of \(found.count)")
      _ = try log.appendAndWait(payload)
      log.close()
    } catch {
      throw error as? BrokenClaim ?? BrokenClaim("a log that was recovered does not go on: \(error)")
    }
    guard case .success(let grown) = replay(disk) else { throw BrokenClaim("a log that went on cannot be opened again") }
    try claim(grown == found + [payload], "a record that was appended is lost")
  }

  private static func replay(_ disk: FaultyDisk) -> Result<[[UInt8]], LogError> {
    var payloads: [[UInt8]] = []
    do {
      let (log, _) = try DurableLog.open(SampleLog.configuration, disk: disk, clock: SystemWallClock()) { record in
        payloads.append(record.payload)
      }
      // Not closed, for a CLEAN would change the disk. Its release gives the lock back.
      _ = log
      return .success(payloads)
    } catch {
      guard let error = error as? LogError else { preconditionFailure("opening threw \(error)") }
      return .failure(error)
    }
  }

  /// Makes the checksums of a segment's header and of all its records right, as far as the lengths lead.
  private static func sign(_ file: inout [UInt8]?) {
    guard var bytes = file, bytes.count >= 4096 else { return }
    bytes.replace(at: 68, by: checksum(bytes[0..<68]))
    var offset = 4096
    while offset + 32 <= bytes.count {
      let length = Int(bytes[offset + 8]) | Int(bytes[offset + 9]) << 8 | Int(bytes[offset + 10]) << 16
      if offset + 32 + length <= bytes.count {
        bytes.replace(at: offset + 24, by: checksum(bytes[offset + 32..<offset + 32 + length]))
      }
      let place = (0..<8).map { UInt8(truncatingIfNeeded: offset >> ($0 * 8)) }
      bytes.replace(at: offset + 4, by: checksum(bytes[offset + 8..<offset + 32] + bytes[16..<32] + place))
      offset += (32 + length + 7) / 8 * 8
    }
    file = bytes
  }

  private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    unsafe bytes.withUnsafeBytes { unsafe relaunch_crc32c(0, $0.baseAddress, $0.count) }
  }
}

extension [UInt8] {
  /// Writes `value`, little endian.
  fileprivate mutating func replace(at index: Int, by value: UInt32) {
    for byte in 0..<4 { self[index + byte] = UInt8(truncatingIfNeeded: value >> (byte * 8)) }
  }
}
