import Clocks
import Configuration
@testable import Deployer
import DurableLog
import Glibc
import HTTP
import HTTPClient
import JSON
import Kubernetes
import Testing
import TestSupport

/// A log is only ever cut at its end, so whatever a crash leaves of one event is a prefix of what its whole life wrote.
@Suite(.timeLimit(.minutes(5))) struct CrashTests {
  /// What the cluster saw of the patch before the crash.
  enum Patch: CaseIterable {
    case notSent, applied
    /// An admission webhook took our note from the Deployment.
    case appliedWithoutNote
  }

  struct Life {
    var records: [(kind: RecordKind, payload: [UInt8])] = []
    var patch: FakeAPIServer.Entry?

    /// The restart that the record before the patch fixed.
    var planned: Timestamp? {
      records.compactMap { record in
        if case .planned(_, _, let value, _)? = StateRecord(payload: record.payload) { value } else { nil }
      }.first
    }
  }

  /// One event from its push to its end, and all that was written meanwhile.
  private func life() async throws -> Life {
    let pipeline = try Pipeline { $0.acknowledgeCompleted() }
    let status = try await pipeline.running { try await pipeline.push(Push(id: "1")) }
    #expect(status == .noContent)
    var life = Life()
    _ = try DurableLog.open(LogConfiguration(directory: "/state"), disk: pipeline.disk.afterKill(), clock: pipeline.clock) {
      record in
      if record.kind != .config { life.records.append((record.kind, record.payload)) }
    }
    life.patch = pipeline.api.log.first { $0.method == .patch }
    return life
  }

  private func disk(_ records: ArraySlice<(kind: RecordKind, payload: [UInt8])>) async throws -> FaultyDisk {
    let disk = FaultyDisk()
    let (log, _) = try DurableLog.open(LogConfiguration(directory: "/state"), disk: disk, clock: ManualWallClock()) { _ in }
    for record in records { _ = try await log.append(record.kind, record.payload) }
    return disk.afterKill()
  }

  private func cluster(_ patch: Patch, _ life: Life) async throws -> FakeAPIServer {
    let api = Pipeline.cluster()
    guard patch != .notSent else { return api }
    var content = try #require(life.patch?.content).object ?? [:]
    content["metadata"] = patch == .applied ? content["metadata"]?.object.map { .object($0) } : nil
    if case .object(var metadata)? = content["metadata"] {
      metadata["resourceVersion"] = nil
      content["metadata"] = .object(metadata)
    }
    let origin = Origin(isSecure: true, host: "test", port: 443)
    let target = FakeAPIServer.path("default", "frontend")
    _ = try await api.send(
      ClientRequest(.patch, origin, target, content: JSONValue.object(content).serialized()), deadline: .seconds(1))
    return api
  }

  @Test func restartsOnceWhereverItWasCut() async throws {
    let life = try await life()
    #expect(life.records.map(\.kind) == [.event, .job, .job, .job])
    let planned = try #require(life.planned)
    // The patch is sent after the third record and before the fourth.
    let points: [(records: Int, patches: [Patch])] = [
      (0, [.notSent]), (1, [.notSent]), (2, [.notSent]), (3, Patch.allCases), (4, [.applied, .appliedWithoutNote]),
    ]
    for point in points {
      for patch in point.patches {
        let api = try await cluster(patch, life)
        let clock = ManualWallClock()
        clock.advance(by: .seconds(3600))
        let pipeline = try Pipeline(disk: try await disk(life.records.prefix(point.records)), api: api, clock: clock) {
          $0.acknowledgeCompleted()
        }
        try await pipeline.running {
          // Pub/Sub delivers again what was not answered, and now and then what was.
          try await pipeline.accept(Push(id: "1"))
          let place: Comment = "after \(point.records) records, patch \(patch)"
          #expect(api.count(of: .patch) == 1, place)
          #expect(api.deployment("default", "frontend")?["metadata"]?["generation"] == 2, place)
          #expect(try await pipeline.json("/events/1")["outcome"] == "succeeded", place)
          #expect(try await pipeline.json("/events")["events"]?.array?.count == 1, place)
          let live = api.deployment("default", "frontend")?["spec"]?["template"]?["metadata"]?["annotations"]?[
            RolloutRestart.restartedAtAnnotation]
          if point.records > 2 { #expect(live == .string(planned.rfc3339WholeSeconds), place) }
        }
      }
    }
  }

  @Test func keepsWhatWasAcknowledgedThroughALossOfPower() async throws {
    for _ in 0..<10 {
      var random = SplitMix()
      let disk = FaultyDisk()
      let pipeline = try Pipeline(disk: disk)
      disk.inject(.powerOff, atCall: disk.calls + Int.random(in: 1...40, using: &random))
      var acknowledged: [String] = []
      for number in 1...12 where try await pipeline.push(Push(id: "\(number)")) == .noContent { acknowledged.append("\(number)") }
      // Later, when one restart comes after all messages.
      pipeline.clock.advance(by: .seconds(3600))
      let next = try Pipeline(disk: disk.afterPowerLoss(using: &random), clock: pipeline.clock) { $0.acknowledgeCompleted() }
      try await next.running {
        let events = try await next.json("/events?limit=1000")["events"]?.array?.compactMap { $0["id"]?.string } ?? []
        #expect(Set(acknowledged).subtracting(events).isEmpty, "seed \(random.seed)")
        for id in acknowledged { try await next.accept(Push(id: id)) }
        #expect(acknowledged.isEmpty || next.api.count(of: .patch) == 1, "seed \(random.seed)")
      }
    }
  }

  /// What comes between the start and `run` goes its own way; `run` takes up only what was there before.
  @Test func takesAPushBeforeItRunsOnce() async throws {
    let pipeline = try Pipeline()
    try await pipeline.accept(Push(id: "1"))
    while try await pipeline.json("/jobs")["jobs"]?.array?.isEmpty != false { await Task.yield() }
    try await pipeline.running {
      await pipeline.lines.reach(1, "finished", "event_id=1")
      try await pipeline.accept(Push(id: "2", data: "{"))
      await pipeline.lines.reach(1, "dead letter", "event_id=2")
      #expect(try await pipeline.stages("1") == ["received", "decided", "planned", "finished"])
    }
  }

  /// Without rules nothing would match, and the event would end filtered though it was accepted.
  @Test func decidesNothingBeforeTheRulesCouldBeRead() async throws {
    let documents = try Documents.directory.get()
    let rules = documents + "/mounted-late-\(UInt64.random(in: .min ... .max))"
    let pipeline = try Pipeline(disk: try await disk(try await life().records.prefix(1))) { $0.rules = rules }
    try await pipeline.running {
      let isMade = unsafe symlink(documents + "/rules", rules) == 0
      #expect(isMade)
      var outcome: JSONValue?
      repeat { outcome = try await pipeline.json("/events/1")["outcome"] } while outcome == "running"
      #expect(outcome == "succeeded")
    }
  }

  /// An event that cannot be read cannot be decided; it ends all the same, and whoever asks is told.
  @Test func givesUpAnEventThatCannotBeReadAgain() async throws {
    let first = try Pipeline(disk: try await disk(try await life().records.prefix(1)))
    first.disk.inject(.error(EIO), atEvery: "pread")
    try await first.running {
      while try await first.json("/events/1")["outcome"] == "running" { await Task.yield() }
      let letter = try await first.ask("/deadletters/1.dead1")
      #expect(letter.status == .ok)
      let story = try JSONValue(parsing: letter.content)["story"]
      #expect(story?["outcome"] == "dead" && story?["message"] == .null)
      #expect(story?["unread"]?.array?.count == 2, "the event and the decision")
      #expect(try await first.text("/events/1").contains("unread  "))
      #expect(try await first.ask("/deadletters/1.dead1/replay", .post).status == .serviceUnavailable)
    }
    let second = try Pipeline(disk: first.disk.afterKill(), api: first.api, clock: first.clock)
    try await second.running {
      let letter = try await second.json("/deadletters/1.dead1")
      #expect(letter["reason"] == "unreadable")
      #expect(letter["detail"]?.string?.contains("cannot be read again, so it was not decided: ") == true)
      #expect(try await second.stages("1") == ["received", "decided"])
      #expect(try await second.ask("/deadletters/1.dead1/replay", .post).status == .accepted)
      await second.lines.reach(1, "finished", "event_id=1")
      #expect(try await second.json("/events/1")["outcome"] == "succeeded")
    }
  }

  @Test func remembersDeadLettersAndTheirReplay() async throws {
    let first = try Pipeline { $0.acknowledgeCompleted() }
    for _ in 1...6 { first.api.script(.get, .refuse(403, reason: "Forbidden")) }
    try await first.running {
      try await first.accept(Push(id: "1"))
      try await first.accept(Push(id: "2", publishTime: Push.published + .seconds(1)))
      #expect(try await first.deadLetters() == ["2.dead1", "1.dead1"])
      #expect(try await first.ask("/deadletters/1.dead1", .delete).status == .ok)
    }
    let second = try Pipeline(disk: first.disk.afterKill(), api: first.api, clock: first.clock)
    try await second.running {
      let letters = try await second.deadLetters()
      #expect(letters == ["2.dead1"])
      #expect(try await second.ask("/deadletters/2.dead1/replay", .post).status == .accepted)
      await second.lines.reach(1, "finished", "event_id=2")
    }
    let third = try Pipeline(disk: second.disk.afterKill(), api: first.api, clock: first.clock)
    try await third.running {
      let letters = try await third.deadLetters()
      #expect(letters == [])
      #expect(try await third.json("/events/2")["outcome"] == "succeeded")
      #expect(first.api.count(of: .patch) == 1)
    }
  }

  @Test func givesTheLogUpWhenItDrains() async throws {
    let first = try Pipeline { $0.acknowledgeCompleted() }
    try await first.running {
      try await first.accept(Push(id: "1"))
      await first.deployer.drain(within: .seconds(5))
    }
    #expect(first.deployer.logFailure == .closed)
    let second = try Pipeline(disk: first.disk)
    #expect(second.deployer.recovery.wasClosed)
  }
}
