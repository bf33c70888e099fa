import Clocks
@testable import DurableLog
import TestSupport
import Testing

struct RetentionTests {
  private static let payloads = (0..<60).map { number in [UInt8](repeating: UInt8(number), count: 2000) }

  private func open(_ disk: FaultyDisk) throws -> (log: DurableLog, payloads: [[UInt8]]) {
    var payloads: [[UInt8]] = []
    let (log, _) = try DurableLog.open(.small, disk: disk, clock: SystemWallClock()) { payloads.append($0.payload) }
    return (log, payloads)
  }

  @Test func wholeSegmentsGoAndTheRestIsWhole() throws {
    let disk = FaultyDisk()
    let (log, _) = try open(disk)
    for payload in Self.payloads { #expect(log.appendAll([payload])[0].error == nil) }
    let sealed = log.sealedSegments
    #expect(sealed.count > 4)
    try log.writeCheckpoint()
    let used = log.counters.usedBytes
    // A sequence in the middle of a segment keeps that segment.
    try log.removeSegments(before: sealed[2].firstSequence + 1)
    #expect(log.sealedSegments == Array(sealed.dropFirst(2)))
    #expect(log.counters.usedBytes == used - sealed[0].byteCount - sealed[1].byteCount)
    #expect(disk.paths.filter { $0.hasSuffix(".log") }.count == sealed.count - 2 + 1)
    let found = try open(disk.afterKill()).payloads
    #expect(found.count < 60 && found == Array(Self.payloads.suffix(found.count)))
    log.close()
    #expect(try open(disk.afterKill()).payloads == found)
  }

  @Test func aRemovedRecordIsNoRecordAndTheOthersStay() throws {
    let (log, _) = try open(FaultyDisk())
    let positions = try Self.payloads.map { try log.appendAll([$0])[0].get() }
    let boundary = try #require(log.sealedSegments.dropFirst(2).first?.firstSequence)
    try log.removeSegments(before: boundary)
    for (position, payload) in zip(positions, Self.payloads) {
      if position.segment < boundary {
        #expect(throws: LogError.noRecord(position)) { try log.record(at: position) }
      } else {
        #expect(try log.record(at: position).payload == payload)
      }
    }
  }

  /// The process ends between the checkpoint and the last removal.
  @Test(arguments: 1...8) func whatRemovalLeftTheNextStartRemoves(call: Int) throws {
    let disk = FaultyDisk()
    let (log, _) = try open(disk)
    for payload in Self.payloads { #expect(log.appendAll([payload])[0].error == nil) }
    let boundary = try #require(log.sealedSegments.dropFirst(3).first?.firstSequence)
    disk.inject(.powerOff, atCall: disk.calls + call)
    try? log.removeSegments(before: boundary)
    let found = disk.afterKill()
    let (again, payloads) = try open(found)
    #expect(payloads == Array(Self.payloads.suffix(payloads.count)))
    let first = again.sealedSegments[0].firstSequence
    #expect(first == 1 || first == boundary)
    #expect(found.paths.filter { $0.hasSuffix(".log") }.count == again.sealedSegments.count + 1)
  }

  @Test func eventsAreRefusedAtTheSizeLimitAndTakenAgainBelowIt() throws {
    let disk = FaultyDisk()
    var configuration = LogConfiguration.small
    configuration.bytesLimit = 8 * configuration.segmentBytes
    let (log, _) = try DurableLog.open(configuration, disk: disk, clock: SystemWallClock()) { _ in }
    var refusal: LogError?
    while refusal == nil {
      try log.writeCheckpoint()
      refusal = log.appendAll([Self.payloads[0]])[0].error
    }
    guard case .sizeLimit(let bytes, configuration.bytesLimit) = refusal else {
      Issue.record("\(String(describing: refusal))")
      return
    }
    #expect(bytes <= configuration.bytesLimit + configuration.segmentBytes)
    #expect(log.appendAll([[1]], .job)[0].error == nil, "what was done is still taken")
    #expect(log.counters.room == .none(.sizeLimit(bytes: bytes, limit: configuration.bytesLimit)))
    try log.removeSegments(before: log.sealedSegments[4].firstSequence)
    #expect(log.counters.room == .ample)
    #expect(log.appendAll([[2]])[0].error == nil)
  }

  @Test func eventsAreRefusedWhileTheVolumeIsShortOfSpace() throws {
    let disk = FaultyDisk()
    var configuration = LogConfiguration.small
    configuration.refusalFreeBytes = 50_000
    configuration.lowFreeBytes = 100_000
    let (log, _) = try DurableLog.open(configuration, disk: disk, clock: SystemWallClock()) { _ in }
    for (usable, room) in [
      (200_000, LogRoom.ample), (90_000, .low), (40_000, .none(.lowSpace(free: 40_000, needed: 50_000))), (90_000, .low),
    ] {
      disk.setUsable(usable)
      try log.writeCheckpoint()
      #expect(log.counters.room == room)
      #expect((log.appendAll([[1]])[0].error == nil) == (usable > 50_000))
    }
  }

  @Test func aSmallVolumeMakesTheBoundsSmaller() {
    let space = LogSpace(LogConfiguration(directory: "/log"), total: 32 << 20)
    #expect(space.bytesLimit < 26 << 20 && space.bytesLimit > 24 << 20)
    #expect(space.segmentBytes < 4 << 20)
    #expect(space.refusalFreeBytes == 2 << 20)
    #expect(space.room(used: 0, free: 1 << 20) == .none(.lowSpace(free: 1 << 20, needed: 2 << 20)))
    #expect(LogSpace(LogConfiguration(directory: "/log"), total: 100 << 30).segmentBytes == 64 << 20)
  }
}
