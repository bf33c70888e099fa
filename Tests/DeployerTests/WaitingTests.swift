import Clocks
import Configuration
@testable import Deployer
import HTTP
import HTTPClient
import HTTPServer
import JSON
import Kubernetes
import Sensors
import Telemetry
import Testing
import TestSupport
import Workers

/// What jobs wait for, beside a worker: the API server, their trigger's rate, a place in a group.
@Suite(.timeLimit(.minutes(5))) struct WaitingTests {
  private static let down = FakeAPIServer.Step.fail(.connect(origin: "test", reason: "refused"))

  // MARK: The API server

  @Test func anOutageBuriesNothingAndIsTold() async throws {
    let pipeline = try Pipeline { settings in
      settings.retry.attempts = 6
      settings.kubernetes.circuitProbe = .milliseconds(1)
    }
    for _ in 1...40 { pipeline.api.script(.get, Self.down) }
    try await pipeline.running {
      let before = try pipeline.readiness().text
      #expect(!before.contains("[!]kubernetes"))
      try await pipeline.accept(Push(id: "1"))
      await pipeline.lines.reach(1, "circuit opened", "failures=5", "refused")
      await pipeline.lines.reach(1, "circuit closed")
      await pipeline.lines.reach(1, "finished", "event_id=1")
      #expect(try await pipeline.json("/events/1")["outcome"] == "succeeded")
      #expect(try await pipeline.deadLetters() == [])
      #expect(pipeline.api.count(of: .get) == 41 && pipeline.api.count(of: .patch) == 1)
      #expect(pipeline.lines.all.count { $0.contains("circuit") } == 2)
      #expect(pipeline.registry.text().contains("relaunch_api_circuit_open 0"))
    }
  }

  @Test func anOutageIsShownWhileItLasts() async throws {
    let pipeline = try Pipeline()
    for _ in 1...5 { pipeline.api.script(.get, Self.down) }
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1"))
      await pipeline.lines.reach(1, "circuit opened")
      let (status, text) = try pipeline.readiness()
      #expect(status == .ok, "pushes are taken all the same")
      #expect(text.contains("[!]kubernetes the API server failed 5 times in a row"))
      #expect(pipeline.registry.text().contains("relaunch_api_circuit_open 1"))
      let failure = try #require(try await pipeline.json("/jobs")["jobs"]?.array?.first?["lastFailure"])
      #expect(failure["attempt"] == 5 && failure["error"]?.string?.contains("refused") == true && failure["at"] != nil)
      #expect(try await pipeline.text("/jobs").contains("refused"))
      try await pipeline.accept(Push(id: "2", publishTime: Push.published + .seconds(1)))
      #expect(pipeline.api.count(of: .get) == 5)
    }
  }

  @Test(arguments: [403, 404, 422, 409, 401]) func anAnswerIsNoOutage(_ status: Int) async throws {
    let pipeline = try Pipeline { $0.acknowledgeCompleted() }
    for _ in 1...20 { pipeline.api.script(.get, .refuse(status)) }
    try await pipeline.running {
      for number in 1...3 {
        try await pipeline.accept(Push(id: "\(number)", publishTime: Push.published + .seconds(number)))
      }
      #expect(!pipeline.lines.all.contains { $0.contains("circuit") })
    }
  }

  /// The job's age counts from its decision, in whatever process that was.
  @Test func whatIsTooOldIsGivenUpAtItsNextFailure() async throws {
    let first = try Pipeline()
    first.api.script(.get, Self.down, Self.down, Self.down, Self.down, Self.down)
    try await first.running {
      try await first.accept(Push(id: "1"))
      await first.lines.reach(1, "circuit opened")
    }
    first.clock.advance(by: .seconds(25 * 3600))
    let second = try Pipeline(disk: first.disk.afterKill(), api: first.api, clock: first.clock)
    second.api.script(.get, Self.down)
    try await second.running {
      await second.lines.reach(1, "dead letter", "reason=expired", "attempts=1")
      let detail = try await second.json("/deadletters/1.dead1")["detail"]?.string
      #expect(detail?.contains("older than `retry.deadline` allows") == true && detail?.contains("refused") == true)
    }
  }

  /// A time of day that is set forward makes no job old.
  @Test func theDeadlineIsNotTheTimeOfDays() async throws {
    let pipeline = try Pipeline { $0.acknowledgeCompleted() }
    let clock = pipeline.clock
    pipeline.api.script(.get, .change { _ in clock.advance(by: .seconds(400 * 86_400)) })
    pipeline.api.script(.patch, .refuse(500))
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1"))
      #expect(try await pipeline.json("/events/1")["outcome"] == "succeeded")
    }
  }

  // MARK: Rates

  private static func settings(_ documents: String) -> (inout Settings) -> Void {
    { settings in
      settings.rules = documents + "/rules"
      settings.kubernetes.namespaces = .only(["default", "backend-ns"])
    }
  }

  private func jobs(_ pipeline: Pipeline) async throws -> [String] {
    try await pipeline.json("/jobs")["jobs"]?.array?.compactMap { $0["id"]?.string } ?? []
  }

  @Test func whatWaitsForItsRateSurvivesARestart() async throws {
    let documents = try Documents.makeDirectory(rules: Documents.rules(rateLimit: "{unit: Hour, requestsPerUnit: 1}"))
    let first = try Pipeline(Self.settings(documents))
    try await first.running {
      try await first.accept(Push(id: "1"))
      await first.lines.reach(1, "finished", "event_id=1")
      try await first.accept(Push(id: "2", image: Documents.backend))
      while try await jobs(first) != ["2.job1"] { await Task.yield() }
      #expect(first.api.count(of: .patch) == 1)
    }
    // Neither the rules nor a rate in the settings tell the next process of it: the job itself does.
    let without = try Documents.makeDirectory(rules: Documents.rules())
    let second = try Pipeline(disk: first.disk.afterKill(), api: first.api, clock: first.clock, Self.settings(without))
    second.clock.advance(by: .seconds(10))
    try await second.running {
      await second.lines.reach(1, "finished", "event_id=2", "outcome=succeeded")
      #expect(second.api.count(of: .patch) == 2)
      let left = try await jobs(second)
      #expect(left == [])
    }
    let third = try Pipeline(disk: second.disk.afterKill(), api: first.api, clock: first.clock, Self.settings(documents))
    try await third.running {
      try await third.accept(Push(id: "3", publishTime: Push.published + .seconds(60)))
      await third.lines.reach(1, "finished", "event_id=3")
      for number in 4...6 {
        try await third.accept(Push(id: "\(number)", publishTime: Push.published + .seconds(60 + number)))
      }
      await third.lines.reach(3, "decided")
      while try await jobs(third) != ["6.job1"] { await Task.yield() }
      #expect(try await third.json("/events/5")["outcome"] == "coalesced", "what waits is coalesced")
      #expect(third.api.count(of: .patch) == 3)
    }
    let fourth = try Pipeline(disk: third.disk.afterKill(), api: first.api, clock: first.clock, Self.settings(documents))
    fourth.clock.advance(by: .seconds(100))
    try await fourth.running {
      await fourth.lines.reach(1, "finished", "event_id=6", "outcome=succeeded")
      #expect(fourth.api.count(of: .patch) == 4)
    }
  }

  // MARK: Claims

  private func job(_ trigger: String = "restart", rate: RateLimit? = nil) -> Job {
    let firing = Firing(
      sensor: "restarts", trigger: trigger, action: .restart(kind: "Deployment", namespace: "apps", name: "web"), parameters: [],
      rateLimit: rate)
    return Job(
      id: "1.job1", eventID: "1", firing: firing, publishTime: Push.published, image: Documents.frontend, startedAt: Samples.now)
  }

  @Test func claimsNothingByDefault() { #expect(job().claim(Settings().limits) == WorkClaim()) }

  @Test func claimsAPlaceInItsGroups() {
    var limits = Settings().limits
    limits.workersPerNamespace = 2
    #expect(job().claim(limits).groups == [WorkClaim.Group("namespace apps", limit: 2)])
    limits.workersPerTrigger = 3
    #expect(job().claim(limits).groups.last == WorkClaim.Group("trigger restarts/restart", limit: 3))
  }

  @Test func claimsAPermissionOfItsTriggersRate() {
    let rate = WorkClaim.Rate("restarts/restart", interval: .seconds(20), slack: 10)
    #expect(job(rate: RateLimit(3, per: .minute)).claim(Settings().limits) == WorkClaim(rate: rate))
  }

  /// A trigger that may run once an hour must not make another's restart wait for an hour.
  @Test func aRateIsNoReasonForOthersToWait() {
    let rate = RateLimit(1, per: .hour)
    #expect(job(rate: rate).covers(job(rate: rate)))
    #expect(job().covers(job("slow", rate: rate)))
    #expect(!job("slow", rate: rate).covers(job()))
  }
}
