import Clocks
import Configuration
@testable import Deployer
import HTTP
import HTTPClient
import JSON
import Kubernetes
import Notifications
import Telemetry
import Testing
import TestSupport

/// From a restart to the end of its rollout.
@Suite(.timeLimit(.minutes(5))) struct RolloutWatchTests {
  private let timer = ManualClock()
  private let channel = FakeKeyServer(.success(ClientResponse(status: .ok)))
  private static let path = FakeAPIServer.path("default", "frontend")

  private func pipeline(
    disk: FaultyDisk = FaultyDisk(), api: FakeAPIServer? = nil, clock: ManualWallClock = ManualWallClock(),
    watches: Bool = true, telling: Bool = true
  ) throws -> Pipeline {
    let receiver = Receiver(
      name: "ops", kinds: [.rolloutFailed, .recovered], format: .json,
      destination: try Destination(.url("https://hooks.example.com")), sender: channel, deadline: .seconds(3600))
    return try Pipeline(disk: disk, api: api, clock: clock, receivers: telling ? [receiver] : [], timer: timer) {
      $0.acknowledgeCompleted()
      $0.kubernetes.watchesRollouts = watches
    }
  }

  /// Lets whoever waits look again.
  private func look(_ sleepers: Int = 2) async {
    await timer.sleepers(sleepers)
    timer.advance(by: .seconds(5))
    await timer.sleepers(sleepers)
  }

  private func set(_ api: FakeAPIServer, observed: Int64, updated: Int64, available: Int64, reason: String = "x") {
    api.change(Self.path) { object in
      try? object.set(
        [
          "observedGeneration": .number(JSONNumber(observed)), "replicas": 2, "updatedReplicas": .number(JSONNumber(updated)),
          "availableReplicas": .number(JSONNumber(available)),
          "conditions": [["type": "Progressing", "reason": .string(reason)]],
        ], at: "status")
    }
  }

  private func rollout(_ pipeline: Pipeline, _ id: String = "1") async throws -> JSONValue? {
    try await pipeline.json("/events/\(id)")["stages"]?.array?.last { $0["state"] == "rollout" }
  }

  private func told() throws -> [JSONValue] {
    try channel.requests.flatMap { try JSONValue(parsing: $0.request.content)["notices"]?.array ?? [] }
  }

  @Test func seesARolloutToItsEnd() async throws {
    let pipeline = try pipeline()
    // The rollout before this one had failed; that says nothing of ours.
    set(pipeline.api, observed: 1, updated: 1, available: 1, reason: "ProgressDeadlineExceeded")
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1"))
      await look()
      #expect(try await rollout(pipeline) == nil)
      set(pipeline.api, observed: 2, updated: 2, available: 1)
      await look()
      #expect(try await rollout(pipeline) == nil)
      set(pipeline.api, observed: 2, updated: 2, available: 2)
      await look()
      let end = try await rollout(pipeline)
      #expect(end?["result"] == "complete" && end?["job"] == "1.job1")
      let gets = pipeline.api.count(of: .get)
      await look()
      #expect(pipeline.api.count(of: .get) == gets, "it is over")
      #expect(try told().isEmpty)
      #expect(try await pipeline.text("/events/1").contains("1.job1: complete: deployment \"frontend\" successfully rolled out"))
      #expect(pipeline.registry.text().contains(#"relaunch_rollouts_total{result="complete"} 1"#))
    }
  }

  @Test func tellsOfAFailureAndOfTheRecovery() async throws {
    let pipeline = try pipeline()
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1"))
      set(pipeline.api, observed: 2, updated: 1, available: 1, reason: "ProgressDeadlineExceeded")
      await look()
      #expect(try await rollout(pipeline)?["result"] == "failed")
      await look()
      let notice = try #require(try told().first)
      #expect(notice["kind"] == "rollout-failed" && notice["target"] == "Deployment/default/frontend" && notice["event"] == "1")
      #expect(notice["reason"] == "rollout_failed" && notice["detail"]?.string?.contains("progress deadline") == true)
      #expect(try await pipeline.json("/events/1")["outcome"] == "succeeded", "the restart was made")

      pipeline.clock.advance(by: .seconds(60))
      try await pipeline.accept(Push(id: "2", publishTime: Push.published + .seconds(60)))
      #expect(try told().count == 1, "a patch is no recovery of a rollout")
      set(pipeline.api, observed: 3, updated: 2, available: 2)
      await look()
      await look()
      #expect(try told().map { $0["kind"] } == ["rollout-failed", "recovered"])
    }
  }

  @Test func goesOnAfterACrash() async throws {
    let first = try pipeline()
    try await first.running {
      try await first.accept(Push(id: "1"))
      await look()
    }
    let second = try pipeline(disk: first.disk.afterKill(), api: first.api, clock: first.clock)
    set(second.api, observed: 2, updated: 2, available: 2)
    try await second.running {
      await look()
      let end = try await rollout(second)
      #expect(end?["result"] == "complete")
    }
    let third = try pipeline(disk: second.disk.afterKill(), api: first.api, clock: first.clock)
    let gets = third.api.count(of: .get)
    try await third.running {
      await look()
      #expect(third.api.count(of: .get) == gets)
    }
  }

  /// Nobody wants to know, so nobody asks the API server.
  @Test func watchesNothingUnlessSomebodyWantsIt() async throws {
    let pipeline = try pipeline(watches: false, telling: false)
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1"))
      let finished = try await pipeline.json("/events/1")["stages"]?.array?.last
      #expect(finished?["state"] == "finished" && finished?["rollout"] == nil)
      #expect(pipeline.api.count(of: .get) == 1)
      #expect(timer.nextDeadline == nil)
    }
  }

  @Test(arguments: [(true, false, 1), (false, true, 2)]) func watchesForEitherReason(
    _ watches: Bool, _ telling: Bool, _ sleepers: Int
  ) async throws {
    let pipeline = try pipeline(watches: watches, telling: telling)
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1"))
      set(pipeline.api, observed: 2, updated: 2, available: 2)
      await look(sleepers)
      #expect(try await rollout(pipeline)?["result"] == "complete")
    }
  }

  @Test func anotherTemplateIsAnotherRollout() async throws {
    let pipeline = try pipeline()
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1"))
      await look()
      pipeline.api.change(Self.path) { try? $0.set("web:2", at: "spec.template.spec.containers.0.image") }
      set(pipeline.api, observed: 3, updated: 0, available: 0, reason: "ProgressDeadlineExceeded")
      await look()
      let end = try await rollout(pipeline)
      #expect(
        end?["result"] == "superseded" && end?["detail"]?.string?.contains("generation 3") == true,
        "\(end ?? .null) \(pipeline.api.deployment("default", "frontend") ?? .null)")
      await look()
      #expect(try told().isEmpty)
    }
  }

  /// An autoscaler makes new generations all day.
  @Test func scalingIsNoOtherRollout() async throws {
    let pipeline = try pipeline()
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1"))
      await look()
      pipeline.api.change(Self.path) { try? $0.set(5, at: "spec.replicas") }
      set(pipeline.api, observed: 3, updated: 1, available: 1, reason: "ProgressDeadlineExceeded")
      await look()
      #expect(try await rollout(pipeline)?["result"] == "failed")
    }
  }

  @Test(
    arguments: [
      (FakeAPIServer.Step.refuse(404, reason: "NotFound"), "unknown"), (.refuse(403, reason: "Forbidden"), "unknown"),
      (.refuse(503), nil), (.fail(.connectionLost(origin: "test", reason: "reset")), nil),
    ] as [(FakeAPIServer.Step, String?)])
  func whatCannotBeReadIsNoFailure(_ step: FakeAPIServer.Step, _ result: String?) async throws {
    let pipeline = try pipeline()
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1"))
      pipeline.api.script(.get, step)
      await look()
      #expect(try await rollout(pipeline)?["result"] == result.map { .string($0) })
      await look()
      #expect(try told().isEmpty)
    }
  }

  @Test func watchesOnlySoManyAndSaysSo() async throws {
    let pipeline = try pipeline(telling: false)
    let api = pipeline.api
    let rules = Documents.rules().replacing("$.serviceName", with: "$.deployment")
    let documents = try Documents.makeDirectory(rules: rules)
    let many = try Pipeline(api: api, timer: timer) {
      $0.acknowledgeCompleted()
      $0.rules = documents + "/rules"
      $0.kubernetes.watchesRollouts = true
    }
    try await many.running {
      for number in 1...66 {
        api.addDeployment("default", "web\(number)")
        try await many.accept(Push(id: "\(number)", data: #"{"action":"INSERT","tag":"a/b:c","deployment":"web\#(number)"}"#))
      }
      let before = api.count(of: .get)
      await look(1)
      #expect(api.count(of: .get) == before + 64)
      #expect(try await rollout(many, "64") == nil)
      for id in ["65", "66"] {
        let end = try await rollout(many, id)
        #expect(end?["result"] == "unknown" && end?["detail"]?.string?.contains("64 rollouts") == true)
      }
    }
  }

  // MARK: What is judged

  private func status(_ available: Int64, paused: Bool = false) throws -> RolloutStatus {
    let object: JSONValue = [
      "metadata": ["name": "web", "generation": 2],
      "spec": [
        "replicas": 2, "progressDeadlineSeconds": 60, "paused": .bool(paused),
        "template": [
          "metadata": ["annotations": ["kubectl.kubernetes.io/restartedAt": .string(Samples.now.rfc3339WholeSeconds)]]
        ],
      ],
      "status": [
        "observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": .number(JSONNumber(available)),
      ],
    ]
    return try #require(RolloutStatus(object))
  }

  /// The controller marks it first, unless it is not there.
  @Test func failsWithoutTheControllersWordWhereNothingMoves() throws {
    let rollout = Rollout(generation: 2, restartedAt: Samples.now)
    var sight = RolloutWatch.Sight(at: .zero)
    func judge(_ available: Int64, at seconds: Int64, paused: Bool = false) throws -> RolloutWatch.Verdict? {
      RolloutWatch.judge(try status(available, paused: paused), rollout, &sight, .seconds(seconds))
    }
    #expect(try judge(0, at: 0) == nil)
    #expect(try judge(0, at: 90) == nil)
    #expect(try judge(1, at: 91) == nil, "it moves")
    #expect(try judge(1, at: 181) == nil)
    let verdict = try judge(1, at: 182, paused: true)
    #expect(verdict?.result == .failed)
    #expect(verdict?.detail.contains("1 of 2 updated replicas are available... It is paused.") == true)
  }

  @Test func watchesNothingForEver() throws {
    let rollout = Rollout(generation: 2, restartedAt: Samples.now)
    var sight = RolloutWatch.Sight(at: .zero)
    var verdict: RolloutWatch.Verdict?
    var seconds: Int64 = 0
    while verdict == nil, seconds < 100_000 {
      verdict = RolloutWatch.judge(try status(seconds % 2), rollout, &sight, .seconds(seconds))
      seconds += 55
    }
    #expect(verdict?.result == .unknown)
    #expect((21_600..<22_000).contains(seconds))
  }

  @Test func anotherRestartIsAnotherRollout() throws {
    var sight = RolloutWatch.Sight(at: .zero)
    let rollout = Rollout(generation: nil, restartedAt: Samples.now - .seconds(1))
    #expect(RolloutWatch.judge(try status(2), rollout, &sight, .zero)?.result == .superseded)
  }
}
