import Clocks
import Configuration
@testable import Deployer
@testable import DurableLog
import Events
import FoundationEssentials
import Notifications
import Testing

/// A log of format version 1 with the payloads of this version, which every later version must read:
/// `Tests/DurableLogTests/Golden/version-1`.
///
/// It was written by `RELAUNCH_WRITE_GOLDEN=1 swift test --filter GoldenLogTests.writesTheGoldenLog`, and its `dump.jsonl` by
/// `relaunch log dump --payloads`. It is never written again: a later version adds its own beside it.
struct GoldenLogTests {
  private static let directory =
    #filePath.split(separator: "/").dropLast(2).map { "/\($0)" }.joined() + "/DurableLogTests/Golden/version-1"
  private static let isWriting = ProcessInfo.processInfo.environment["RELAUNCH_WRITE_GOLDEN"] == "1"

  private static let full = Event(
    id: "1", source: "gar", receivedAt: Samples.now,
    message: PubSubMessage(
      messageID: "1", publishTime: Push.published, subscription: "projects/acme/subscriptions/relaunch", orderingKey: "ü",
      deliveryAttempt: 3, attributes: [PubSubMessage.Attribute(name: "name", value: "value")],
      data: Array(#"{"action":"INSERT","tag":"\#(Documents.frontend)"}"#.utf8)))
  private static let bare = Event(
    id: "2", source: "gar", receivedAt: Timestamp(nanoseconds: -1), message: PubSubMessage(data: [0, 255, 10]))
  private static let moved = Event(
    id: "0", source: "gar", receivedAt: Samples.now, message: PubSubMessage(messageID: "0", data: Array("no JSON".utf8)))
  private static let job = Samples.job("1.job1", of: "1", planned: Samples.now)

  private static let states: [StateRecord] = [
    Samples.decision("1", jobs: [job], letters: [Samples.letter("1.dead1", of: "1")]),
    Samples.decision("2", outcome: .ignored, reason: "no \"tag\""),
    .planned(job: "1.job1", eventID: "1", restartedAt: Samples.now, at: Samples.now),
    .attemptFailed(job: "1.job1", eventID: "1", attempt: 1, error: "503", at: Samples.now),
    .finished(job: "1.job1", eventID: "1", .succeeded, detail: "done", attempts: 2, at: Samples.now),
    .deadLetter(Samples.letter("1.dead2", of: "1", job: job)),
    .replayed(deadLetter: "1.dead2", eventID: "1", job: job, by: "admin", at: Samples.now),
    .discarded(deadLetter: "1.dead1", eventID: "1", reason: "old", by: "admin", at: Samples.now),
    .finished(
      job: "1.job2", eventID: "1", .succeeded, detail: "done", attempts: 1,
      rollout: Rollout(generation: 7, restartedAt: Samples.now), at: Samples.now),
    .rollout(job: "1.job2", eventID: "1", .failed, detail: "not ready", at: Samples.now),
    .notified(
      receiver: "team", Notice.Key(.dead, "1.dead1"), eventID: "1", isDelivered: true, detail: "200", at: Samples.now),
    .receivers([Subscription(receiver: "team", kind: .dead, since: Samples.now)], at: Samples.now),
  ]

  private static let snapshots: [LogSnapshot] = [
    .event(
      LogSnapshot.Moved(
        event: moved.encoded,
        states: [Samples.decision("0", outcome: .filtered, reason: "no rule")].map {
          LogSnapshot.Moved.State(kind: $0.kind, payload: $0.payload)
        })),
    .known(
      [Self.full, Self.moved].compactMap { event in
        event.deduplicationKey.map { KnownMessages.Message(key: $0, id: event.id, receivedAt: event.receivedAt, segment: 0) }
      }),
  ]

  private static let configuration = KnownConfiguration(
    files: [MountedFile(directory: "rules", name: "rules.yaml", bytes: Array("kind: Sensor\n".utf8))])

  private static let gap = LogGap(
    sequences: 100...102, reason: "a record is damaged", segment: "seg-0000000000000001.log", offset: 4096,
    records: [LogGap.Record(sequence: 101, type: 1, byteCount: 7)])

  /// What the log holds, in batches.
  private static var batches: [[(kind: RecordKind, payload: [UInt8])]] {
    [
      [(.event, moved.encoded)],
      [(.event, full.encoded), (.event, bare.encoded)] + states.map { ($0.kind, $0.payload) }
        + [(.config, configuration.payload)],
      snapshots.map { (.snapshot, $0.encoded) },
      [(.gap, gap.payload(repairedAt: Samples.now))],
    ]
  }

  @Test func itsPayloadsAreReadAsTheyWereWritten() throws {
    let (records, report) = try open()
    #expect(records.map(\.payload) == Self.batches.dropFirst().joined().map(\.payload))
    #expect(report.lastSequence > 18 && !report.wasClosed)
    let events = try records.filter { $0.kind == .event }.map { try Event.decoded($0.payload) }
    #expect(events == [Self.full, Self.bare])
    let states = records.filter { $0.kind != .event && $0.kind != .snapshot }.compactMap { StateRecord(payload: $0.payload) }
    #expect(states.map { "\($0)" } == Self.states.map { "\($0)" })
    #expect(records.compactMap { KnownConfiguration(payload: $0.payload) } == [Self.configuration])
    let snapshots = records.filter { $0.kind == .snapshot }.map { LogSnapshot($0.payload, segment: 0) }
    #expect(snapshots == Self.snapshots)
  }

  /// Opens a copy: opening changes a log.
  private func open() throws -> (records: [LogRecord], report: RecoveryReport) {
    let copy = FileManager.default.temporaryDirectory.appending(path: "relaunch-golden-" + UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: copy) }
    try FileManager.default.copyItem(atPath: Self.directory, toPath: copy)
    var records: [LogRecord] = []
    let (log, report) = try DurableLog.open(LogConfiguration(directory: copy), clock: SystemWallClock()) { record in
      records.append(record)
    }
    log.close()
    return (records, report)
  }

  @Test(.enabled(if: Self.isWriting, "the golden log is written once: RELAUNCH_WRITE_GOLDEN=1"))
  func writesTheGoldenLog() async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "relaunch-golden-" + UUID().uuidString).path
    var configuration = LogConfiguration(directory: directory)
    configuration.segmentBytes = 16 << 10
    configuration.aheadBytes = 4096
    configuration.reserveBytes = 0
    configuration.checkpointDelay = nil
    for batches in [Self.batches.dropLast(), Self.batches.suffix(1)] {
      let (log, _) = try DurableLog.open(configuration, clock: SystemWallClock()) { _ in }
      for batch in batches {
        for record in batch.dropLast() { log.append(record.kind, record.payload, .gathered) { _ in } }
        if let last = batch.last { _ = try await log.append(last.kind, last.payload) }
      }
      if let second = log.sealedSegments.dropFirst().first, batches.count > 1 {
        try log.removeSegments(before: second.firstSequence)
        log.close()
      } else {
        try log.writeCheckpoint()
      }
      guard batches.count == 1 else { continue }
      // Not closed yet: the last segment is open.
      try? FileManager.default.removeItem(atPath: Self.directory)
      try FileManager.default.createDirectory(atPath: Self.directory, withIntermediateDirectories: true)
      for name in try FileManager.default.contentsOfDirectory(atPath: directory) where name != "LOCK" {
        try FileManager.default.copyItem(atPath: "\(directory)/\(name)", toPath: "\(Self.directory)/\(name)")
      }
      log.close()
    }
    try FileManager.default.removeItem(atPath: directory)
  }
}
