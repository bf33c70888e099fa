import Clocks
import Configuration
@testable import Deployer
import DurableLog
import Events
import HTTP
import HTTPClient
import JSON
import Kubernetes
import Locks
import Telemetry
import Testing
import TestSupport
import Workers

/// A crash is what is on the disk at some moment, and another pipeline that finds it.
@Suite(.timeLimit(.minutes(5))) struct CrashLoopTests {
  /// The disk as it was at some step of the cluster.
  private final class Moment: Sendable {
    private let kept = Mutex<[FaultyDisk]>([])

    /// Keeps the disk of `pipeline` as a crash at this request would leave it.
    func step(_ pipeline: Pipeline) -> FakeAPIServer.Step {
      .change { [weak pipeline] _ in self.kept.withLock { kept in pipeline.map { kept.append($0.disk.afterKill()) } } }
    }

    func disk() throws -> FaultyDisk { try #require(kept.withLock { $0.last }) }
    var names: [[RunningFile.Name]] { kept.withLock { $0.map { RunningFile.names(in: "/state", disk: $0) } } }
  }

  private func pipeline(_ disk: FaultyDisk = FaultyDisk(), _ change: (inout Settings) -> Void = { _ in }) throws -> Pipeline {
    let pipeline = try Pipeline(disk: disk) { settings in
      settings.kubernetes.namespaces = .only(["default", "backend-ns"])
      change(&settings)
    }
    pipeline.clock.advance(by: .seconds(60))
    return pipeline
  }

  /// One life that ends while the patch of event 1 is under way.
  private func crash(_ disk: FaultyDisk = FaultyDisk(), isNew: Bool = false) async throws -> FaultyDisk {
    let moment = Moment()
    let pipeline = try pipeline(disk)
    pipeline.api.script(.patch, moment.step(pipeline))
    try await pipeline.running {
      if isNew { try await pipeline.accept(Push(id: "1")) }
      await pipeline.lines.reach(1, "finished", "event_id=1")
    }
    #expect(moment.names.last?.contains(.attempt(event: "1", job: "1.job1")) == true)
    return try moment.disk()
  }

  @Test func parksAJobThatEndsTheProcessTwiceInARow() async throws {
    let third = try pipeline(try await crash(try await crash(isNew: true)))
    try await third.running {
      await third.lines.reach(1, "dead letter", "reason=crashed")
      #expect(try await third.stages("1") == ["received", "decided", "planned", "crashed", "crashed", "dead"])
      let letter = try await third.json("/deadletters/1.dead1")
      #expect(letter["reason"] == "crashed" && letter["attempts"] == 2)
      #expect(letter["detail"]?.string?.contains("Deployment/default/frontend: the process ended in each of the last 2") == true)
      #expect(third.api.log.isEmpty)
      // The server goes on with the rest, and a person may have it done after all.
      try await third.accept(Push(id: "2", image: Documents.backend))
      await third.lines.reach(1, "finished", "event_id=2")
      #expect(try await third.ask("/deadletters/1.dead1/replay", .post).status == .accepted)
      await third.lines.reach(1, "finished", "event_id=1")
      #expect(try await third.json("/events/1")["outcome"] == "succeeded")
    }
    let fourth = try pipeline(third.disk.afterKill())
    let jobs = try await fourth.running { try await fourth.json("/jobs")["jobs"]?.array }
    #expect(jobs == [])
  }

  @Test func oneCrashIsForgiven() async throws {
    let second = try pipeline(try await crash(isNew: true))
    try await second.running {
      await second.lines.reach(1, "finished", "event_id=1", "outcome=succeeded")
      let stages = try await second.stages("1")
      #expect(stages == ["received", "decided", "planned", "crashed", "finished"])
    }
  }

  /// An attempt that ended shows that the job does not end the process each time.
  @Test func anAttemptThatEndsBeginsTheCountAnew() async throws {
    let once = try await crash(isNew: true)
    let moment = Moment()
    let second = try pipeline(once)
    second.api.script(.get, .refuse(500))
    second.api.script(.patch, moment.step(second))
    try await second.running { await second.lines.reach(1, "finished", "event_id=1") }
    let third = try pipeline(try moment.disk())
    try await third.running {
      await third.lines.reach(1, "finished", "event_id=1", "outcome=succeeded")
      let letters = try await third.deadLetters()
      #expect(letters == [])
    }
  }

  @Test func anOrderlyEndIsNoCrash() async throws {
    let moment = Moment()
    let first = try pipeline()
    first.api.script(.patch, moment.step(first))
    try await first.running {
      try await first.accept(Push(id: "1"))
      await first.lines.reach(1, "finished", "event_id=1")
      await first.deployer.drain(within: .seconds(5))
    }
    #expect(RunningFile.names(in: "/state", disk: first.disk) == [])
    #expect(first.disk.content("/state/RUNNING") == [])
  }

  // MARK: What the log knows

  /// A log with one event and nothing else, and `RUNNING` with these lines.
  private func disk(_ lines: String...) async throws -> FaultyDisk {
    let disk = FaultyDisk()
    let (log, _) = try DurableLog.open(LogConfiguration(directory: "/state"), disk: disk, clock: ManualWallClock()) { _ in }
    _ = try await log.append(.event, try Push(id: "1").event().encoded)
    let left = disk.afterKill()
    left.setContent("/state/RUNNING", Array(lines.map(\.padded).joined().utf8))
    return left
  }

  /// Starts on `disk`, and ends before anything but the crash is in the log.
  private func start(_ disk: FaultyDisk, _ lines: String) async throws -> FaultyDisk {
    let pipeline = try Pipeline(disk: disk) { $0.rules += "-not-mounted" }
    try await pipeline.running { await pipeline.lines.reach(1, "the process ended in this") }
    let left = pipeline.disk.afterKill()
    left.setContent("/state/RUNNING", Array(lines.padded.utf8))
    return left
  }

  /// The last is of an attempt whose decision had not become durable.
  @Test(arguments: ["decision 1", "attempt 1 1.job1"]) func parksADecisionThatEndsTheProcessTwiceInARow(line: String) async throws
  {
    let third = try pipeline(try await start(try await disk(line), line))
    try await third.running {
      await third.lines.reach(1, "dead letter", "reason=crashed", "event_id=1")
      while try await third.json("/events/1")["outcome"] == "running" { await Task.yield() }
      let id = try #require(try await third.deadLetters().first)
      #expect(try await third.stages("1") == ["received", "crashed", "crashed", "decided"])
      #expect(try await third.json("/events/1")["outcome"] == "dead")
      #expect(try await third.ask("/deadletters/\(id)/replay", .post).status == .accepted)
      await third.lines.reach(1, "finished", "event_id=1")
      #expect(try await third.json("/events/1")["outcome"] == "succeeded")
    }
  }

  @Test(arguments: [
    ["decision 2"], ["attempt 2 2.job1"], ["attempt 1"], ["restart 1 1.job1"], ["", "\u{0}\u{0}"], ["decision 1 1.job1"],
  ])
  func believesNoNameThatTheLogDoesNotKnow(lines: [String]) async throws {
    var left = try await disk()
    for _ in 1...3 {
      left.setContent("/state/RUNNING", Array(lines.map(\.padded).joined().utf8))
      let pipeline = try Pipeline(disk: left) { $0.rules += "-not-mounted" }
      try await pipeline.running { await pipeline.lines.reach(1, "resumed") }
      #expect(!pipeline.lines.all.contains { $0.contains("the process ended") })
      left = pipeline.disk.afterKill()
    }
  }

  /// Two lines, one end.
  @Test func countsAnEndOnce() async throws {
    let left = try await disk("decision 1", "attempt 1 1.job1", "attempt 1 1.job2")
    let pipeline = try pipeline(left)
    try await pipeline.running {
      await pipeline.lines.reach(1, "finished", "event_id=1", "outcome=succeeded")
      #expect(pipeline.lines.all.count { $0.contains("the process ended in this") } == 1)
    }
  }

  // MARK: Innocents

  /// Of two jobs that were under way only one is to blame. They run one after the other until it is known which.
  @Test func whatMayHaveEndedTheProcessRunsAlone() async throws {
    let first = try pipeline()
    try await first.accept(Push(id: "1"))
    try await first.accept(Push(id: "2", image: Documents.backend))
    while try await first.json("/jobs")["jobs"]?.array?.count != 2 { await Task.yield() }
    let left = first.disk.afterKill()
    let lines = ["decision 0", "attempt 1 1.job1", "attempt 2 2.job1"]
    left.setContent("/state/RUNNING", Array(lines.map(\.padded).joined().utf8))
    let moment = Moment()
    let second = try pipeline(left)
    second.api.script(.get, moment.step(second), moment.step(second))
    second.api.script(.patch, moment.step(second), moment.step(second))
    try await second.running {
      await second.lines.reach(2, "finished", "outcome=succeeded")
      await second.lines.reach(2, "the process ended in this", "times=1")
    }
    #expect(moment.names.map(\.count) == [1, 1, 1, 1])
  }

  private struct Deciding {
    let clock = WatchingClock()
    let disk = FaultyDisk()
    let lines = LogLines()
    let ledger: Ledger
    let engine: Engine

    init() throws {
      let documents = Documents.generation()
      (ledger, _) = try Ledger.open(LogConfiguration(directory: "/state"), index: Samples.index(), disk: disk, clock: clock)
      engine = Engine(
        ledger: ledger, pool: Engine.Pool(width: 1, waitingLimit: 10, exhausted: { _, _ in }) { _, _ in .finished(.nothing) },
        completions: Completions(ledger: ledger, limit: .seconds(1)), running: RunningFile(directory: "/state", disk: disk),
        generation: { documents }, clock: clock, metrics: DeployerMetrics(.init(), sources: []), logger: lines.logger)
      clock.watch { [disk] in RunningFile.names(in: "/state", disk: disk) }
    }

    /// An event that leads to no job, so that nothing but its decision asks for the time.
    func event(_ id: String) throws -> Event { try Push(id: id, data: "{").event() }

    func decided(_ id: String) async { await lines.reach(1, "decided", "event_id=\(id)") }
  }

  /// Each event is named before its rules see it.
  @Test func namesTheEventThatIsBeingDecided() async throws {
    let deciding = try Deciding()
    for id in ["1", "2"] {
      deciding.engine.take(try deciding.event(id))
      await deciding.decided(id)
    }
    try await deciding.ledger.receive(deciding.event("3"))
    deciding.engine.decideAgain(try #require(deciding.ledger.read { $0["3"] }))
    await deciding.decided("3")
    for id in ["1", "2", "3"] { #expect(deciding.clock.seen.contains([.decision(event: id)])) }
  }

  /// Whichever of them ends the process, all are decided one after the other, under their names, from the next start on.
  @Test func namesNobodyOfABurst() async throws {
    let deciding = try Deciding()
    let burst = Mutex(try ["2", "3", "4"].map(deciding.event))
    // They come while the first one is decided, and so they wait together.
    deciding.clock.watch { [disk = deciding.disk, engine = deciding.engine] in
      let names = RunningFile.names(in: "/state", disk: disk)
      if names == [.decision(event: "1")] {
        burst.withLock { events in
          for event in events { engine.take(event) }
          events = []
        }
      }
      return names
    }
    deciding.engine.take(try deciding.event("1"))
    await deciding.decided("4")
    #expect(Set(deciding.clock.seen) == [[], [.decision(event: "1")]])
  }
}

/// Tells what `RUNNING` has whenever somebody asks for the time.
private final class WatchingClock: WallClock {
  private let state = Mutex<(look: (@Sendable () -> [RunningFile.Name])?, seen: [[RunningFile.Name]])>((nil, []))

  var seen: [[RunningFile.Name]] { state.withLock { $0.seen } }

  func watch(_ look: @escaping @Sendable () -> [RunningFile.Name]) { state.withLock { $0.look = look } }

  func now() -> Timestamp {
    let names = state.withLock { $0.look }?() ?? []
    state.withLock { $0.seen.append(names) }
    return Push.published + .seconds(1)
  }
}
