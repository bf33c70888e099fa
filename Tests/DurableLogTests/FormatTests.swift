import CShims
import Clocks
import DurableLog
import TestSupport
import Testing

/// Reads and changes bytes by the offsets of the format's tables, not through the code under test.
struct FormatTests {
  private static let path = "/log/seg-0000000000000001.log"

  /// A disk with one segment of two records, and its bytes.
  private func written() throws -> (disk: FaultyDisk, bytes: [UInt8]) {
    let disk = FaultyDisk()
    let (log, _) = try DurableLog.open(.roomy, disk: disk, clock: SystemWallClock()) { _ in }
    _ = log.appendAll([Array("first".utf8)])
    _ = log.appendAll([Array("second".utf8)], .job)
    return (disk, try #require(disk.content(Self.path)))
  }

  private func checksum(_ bytes: [UInt8]) -> UInt32 { unsafe relaunch_crc32c(0, bytes, bytes.count) }

  private func number(_ bytes: some Collection<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }

  private func littleEndian(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }

  private func headerChecksum(_ bytes: [UInt8], at offset: Int) -> UInt32 {
    let place = (0..<8).map { UInt8(truncatingIfNeeded: offset >> ($0 * 8)) }
    return checksum(Array(bytes[offset + 8..<offset + 32]) + bytes[16..<32] + place)
  }

  private func replay(_ bytes: [UInt8], on disk: FaultyDisk) throws -> [[UInt8]] {
    let found = disk.afterKill()
    found.setContent(Self.path, bytes)
    var payloads: [[UInt8]] = []
    _ = try DurableLog.open(.roomy, disk: found, clock: SystemWallClock()) { payloads.append($0.payload) }
    return payloads
  }

  @Test func writesTheTablesOfVersion1() throws {
    let (_, bytes) = try written()
    #expect(bytes.count == 3 * 4096, "a header and two batches of one block")
    #expect(Array(bytes[0..<16]) == [0x89, 0x50, 0x53, 0x4A, 0x0D, 0x0A, 0x1A, 0x0A, 1, 0, 0, 0, 0, 16, 0, 0])
    #expect(number(bytes[32..<40]) == 1 && bytes[40..<60].allSatisfy { $0 == 0 })
    #expect(number(bytes[68..<72]) == UInt64(checksum(Array(bytes[0..<68]))))
    // EVENT 1 and its PAD, then JOB 3 and its PAD; each with the length, type, schema, sequence and lag of the table.
    let expected: [(offset: Int, length: UInt64, type: UInt8, sequence: UInt64, lag: UInt64)] = [
      (4096, 5, 1, 1, 1), (4136, 4024, 6, 2, 2), (8192, 6, 2, 3, 1), (8232, 4024, 6, 4, 2),
    ]
    for (offset, length, type, sequence, lag) in expected {
      #expect(Array(bytes[offset..<offset + 4]) == [0x4B, 0x4A, 0x52, 0x31])
      #expect(number(bytes[offset + 4..<offset + 8]) == UInt64(headerChecksum(bytes, at: offset)))
      #expect(number(bytes[offset + 8..<offset + 12]) == length)
      #expect(Array(bytes[offset + 12..<offset + 16]) == [type, 0, 1, 0])
      #expect(number(bytes[offset + 16..<offset + 24]) == sequence)
      #expect(number(bytes[offset + 28..<offset + 32]) == lag)
    }
    #expect(number(bytes[4096 + 24..<4096 + 28]) == UInt64(checksum(Array("first".utf8))))
  }

  @Test func refusesANewerFormat() throws {
    var (disk, bytes) = try written()
    bytes[8] = 2
    bytes.replaceSubrange(68..<72, with: littleEndian(checksum(Array(bytes[0..<68]))))
    #expect(throws: LogError.unsupported(segment: "seg-0000000000000001.log", offset: 8, what: "format 2")) {
      try replay(bytes, on: disk)
    }
  }

  @Test func refusesAnUnknownTypeAndSkipsOneThatMayBeSkipped() throws {
    var (disk, bytes) = try written()
    bytes[4096 + 12] = 11
    bytes.replaceSubrange(4100..<4104, with: littleEndian(headerChecksum(bytes, at: 4096)))
    #expect(throws: LogError.unsupported(segment: "seg-0000000000000001.log", offset: 4096, what: "record type 11")) {
      try replay(bytes, on: disk)
    }
    bytes[4096 + 12] = 200
    bytes.replaceSubrange(4100..<4104, with: littleEndian(headerChecksum(bytes, at: 4096)))
    #expect(try replay(bytes, on: disk) == [Array("second".utf8)])
  }

  @Test func aRecordInsideAPayloadIsNoRecord() throws {
    let (disk, bytes) = try written()
    // The payload holds a whole block of this very log; the tail after it is torn off.
    let (log, _) = try DurableLog.open(.roomy, disk: disk.afterKill(), clock: SystemWallClock()) { _ in }
    let payload = Array(bytes[8192..<12_288])
    #expect(log.appendAll([payload]).map(\.error) == [nil])
    let other = disk.afterKill()
    let (again, _) = try DurableLog.open(.roomy, disk: other, clock: SystemWallClock()) { _ in }
    other.inject(.powerOff, atEvery: "fdatasync")
    _ = again.appendAll([payload])
    let torn = try #require(other.content(Self.path))
    var cut = torn
    for index in 12_288..<12_320 { cut[index] = 0 }
    #expect(try replay(cut, on: disk) == [Array("first".utf8), Array("second".utf8)])
  }
}
