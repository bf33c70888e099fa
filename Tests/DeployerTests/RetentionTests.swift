import Configuration
@testable import Deployer
import Dispatch
import DurableLog
import Events
import HTTP
import HTTPClient
import JSON
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct RetentionTests {
  private static let unmapped = "us-docker.pkg.dev/acme/apps/unmapped:latest"

  /// Eight segments of 64 KiB.
  private func pipeline(_ disk: FaultyDisk, _ api: FakeAPIServer) throws -> Pipeline {
    try Pipeline(disk: disk, api: api) { settings in
      settings.log.segmentBytes = 64 << 10
      settings.log.bytes = 8 * settings.log.segmentBytes
      settings.retry.baseDelay = .seconds(86_400)
      settings.retry.maximumDelay = .seconds(86_400)
    }
  }

  /// Many times what the log may hold goes through it.
  private func flood(_ pipeline: Pipeline, _ ids: Range<Int>) async throws {
    for id in ids {
      let message = Push(id: "\(id)", data: #"{"action":"DELETE","tag":"\#(Documents.frontend)"}"#)
      // As Pub/Sub does: what was refused for want of room is sent again.
      while try await pipeline.push(message) != .noContent {}
    }
  }

  private func expectKept(_ pipeline: Pipeline) async throws {
    #expect(try await pipeline.stages("dead").first == "received")
    #expect(try await pipeline.deadLetters().count == 1)
    #expect(try await pipeline.json("/jobs")["jobs"]?.array?.compactMap { $0["event"]?.string } == ["waiting"])
    #expect(try await pipeline.stages("waiting") == ["received", "decided", "attempt-failed"])
    // Its segment is gone, that it came is still known.
    #expect(try await pipeline.ask("/events/3").status == .notFound)
    let count = pipeline.deployer.knownMessages
    try await pipeline.accept(Push(id: "3", data: "{}"))
    #expect(pipeline.deployer.knownMessages == count)
    #expect(try await pipeline.ask("/events/3").status == .notFound)
  }

  @Test func theLogStaysWithinItsSizeAndNothingThatCountsIsLost() async throws {
    let disk = FaultyDisk()
    let api = Pipeline.cluster()
    let first = try pipeline(disk, api)
    api.script(.get, .refuse(500))
    try await first.running {
      try await first.accept(Push(id: "waiting"))
      await first.lines.reach(1, "attempt failed", "event_id=waiting")
      try await first.accept(Push(id: "dead", image: Self.unmapped))
      try await flood(first, 0..<400)
      await first.lines.reach(1, "old segments removed")
      try await expectKept(first)
      let bytes = disk.paths.reduce(0) { $0 + (disk.content($1)?.count ?? 0) }
      #expect(bytes <= 9 * 64 << 10)
    }
    // Most of it has been moved more than once by now.
    let second = try pipeline(disk.afterKill(), api)
    try await second.running {
      await second.lines.reach(1, "finished", "event_id=waiting")
      #expect(try await second.json("/events/waiting")["outcome"] == "succeeded")
      try await flood(second, 400..<600)
      #expect(try await second.deadLetters().count == 1)
      #expect(try await second.json("/deadletters/\(second.deadLetters()[0])/replay", .post)["event"] == "dead")
    }
    #expect(api.count(of: .patch) == 1)
  }

  /// A segment that is still written to loses nothing when the only one before it goes.
  @Test func onlyWhatIsRemovedLeavesTheHistory() async throws {
    let disk = FaultyDisk()
    let pipeline = try pipeline(disk, Pipeline.cluster())
    try await pipeline.running {
      var id = 0
      while disk.paths.count(where: { $0.hasSuffix(".log") }) < 2 {
        try await flood(pipeline, id..<id + 1)
        id += 1
      }
      try await flood(pipeline, id..<id + 2)
      disk.setUsable(100 << 20)
      try await flood(pipeline, id + 2..<id + 3)
      await pipeline.lines.reach(1, "old segments removed")
      #expect(try await pipeline.ask("/events/0").status == .notFound)
      for id in id + 1..<id + 3 { #expect(try await pipeline.ask("/events/\(id)").status == .ok, "event \(id)") }
    }
  }

  /// At the limit with work that is not finished, nothing can go; when it is finished, it does, though no segment has come.
  @Test func roomComesBackWhenWorkIsFinished() async throws {
    var configuration = LogConfiguration(directory: "/state")
    configuration.segmentBytes = 1 << 20
    configuration.bytesLimit = 8 * configuration.segmentBytes
    let (ledger, _) = try Ledger.open(configuration, index: Samples.index(), disk: FaultyDisk(), clock: ManualWallClock())
    let lines = LogLines()
    let retention = Retention(ledger, logger: lines.logger)
    var accepted: [String] = []
    while ledger.counters.refusedDiskFull == 0 {
      let event = try Push(id: "\(accepted.count)", data: String(repeating: "x", count: 200_000)).event()
      if await ledger.takes(event) { accepted.append(event.id) }
    }
    await lines.reach(1, "old segments removed")
    for id in accepted { ledger.note(Samples.decision(id, outcome: .filtered)) }
    while !(await ledger.takes(try Push(id: "after").event())) {}
    retention.stop()
  }

  /// A record of an event comes while the event is being moved: it waits, and is not lost by what the snapshot holds.
  @Test func recordsThatComeDuringAMoveAreKept() async throws {
    let disk = FaultyDisk()
    var configuration = LogConfiguration(directory: "/state")
    configuration.segmentBytes = 32 << 10
    configuration.checkpointDelay = nil
    let (ledger, _) = try Ledger.open(configuration, index: Samples.index(), disk: disk, clock: ManualWallClock())
    var generator = SplitMix()
    var counts: [String: Int] = [:]
    for round in 0..<40 {
      let id = "event\(round)"
      try await ledger.receive(Push(id: id).event())
      counts[id] = 0
      async let removal: Void = ledger.removeOldest()
      for _ in 0..<10 {
        guard let id = counts.keys.sorted().randomElement(using: &generator) else { break }
        counts[id, default: 0] += 1
        let record = StateRecord.attemptFailed(
          job: "\(id).job1", eventID: id, attempt: counts[id] ?? 0, error: "try again", at: Push.published)
        // Those that nobody waits for come close upon each other.
        if Bool.random(using: &generator) { try await ledger.record(record) } else { ledger.note(record) }
      }
      try await removal
    }
    #expect(ledger.sealedSegments.first?.firstSequence ?? 1 > 1, "something was removed")
    // Behind all the others.
    try await ledger.record(.attemptFailed(job: "none", eventID: "none", attempt: 1, error: "", at: Push.published))
    try expect(ledger, counts, seed: generator.seed)
    let (again, _) = try Ledger.open(configuration, index: Samples.index(), disk: disk.afterKill(), clock: ManualWallClock())
    try expect(again, counts, seed: generator.seed)
  }

  private func expect(_ ledger: Ledger, _ counts: [String: Int], seed: UInt64) throws {
    for (id, count) in counts {
      let entry = try #require(ledger.read { $0[id] }, "seed \(seed): \(id)")
      let attempts = try entry.trail.flatMap(ledger.stateRecords).map { record in
        if case .attemptFailed(_, _, let attempt, _, _) = record { attempt } else { 0 }
      }
      #expect(attempts == Array(1...max(count, 1)).prefix(count).map { $0 }, "seed \(seed): \(id)")
      #expect(entry.recordCount == count)
      #expect(try ledger.event(entry).id == id)
    }
  }
}

extension Ledger {
  /// Whether `event` is taken, as a push brings it, once it is durable.
  func takes(_ event: Event) async -> Bool {
    await withCheckedContinuation { continuation in
      receive(
        event.message, source: event.source, at: event.receivedAt, accepted: { _ in },
        then: { receipt in
          if case .refused = receipt { continuation.resume(returning: false) } else { continuation.resume(returning: true) }
        })
      commitReceived()
    }
  }

  /// Takes `event` as a push brings it, and waits until it is durable.
  func receive(_ event: Event) async throws { _ = await takes(event) }

  /// Removes one segment, on a thread of its own.
  fileprivate func removeOldest() async throws {
    guard let boundary = sealedSegments.dropFirst().first?.firstSequence else { return }
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(with: Result { try self.removeSegments(before: boundary) }) }
    }
  }
}

extension RetentionTests {
  /// It is in the log once, whatever is removed.
  @Test func whatWasGoodOfTheConfigurationIsMovedForward() async throws {
    let disk = FaultyDisk()
    var configuration = LogConfiguration(directory: "/state")
    configuration.segmentBytes = 32 << 10
    configuration.checkpointDelay = nil
    let known = KnownConfiguration(files: [MountedFile(directory: "/rules", name: "a.yaml", bytes: Array("a: ä".utf8))])
    let (ledger, _) = try Ledger.open(configuration, index: Samples.index(), disk: disk, clock: ManualWallClock())
    ledger.note(known)
    for number in 0..<40 {
      try await ledger.receive(Push(id: "\(number)").event())
      try await ledger.removeOldest()
      ledger.note(known)
    }
    #expect(ledger.sealedSegments.first?.firstSequence ?? 1 > 1)
    var records = 0
    _ = try DurableLog.open(configuration, disk: disk.afterKill(), clock: ManualWallClock()) {
      if $0.kind == .config { records += 1 }
    }
    #expect(records == 1 || records == 2, "the old one may be in the last segment but one")
    let (again, _) = try Ledger.open(configuration, index: Samples.index(), disk: disk.afterKill(), clock: ManualWallClock())
    #expect(again.configuration == known)
  }
}
