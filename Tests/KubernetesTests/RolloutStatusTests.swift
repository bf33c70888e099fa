import Clocks
import JSON
import Kubernetes
import Testing

/// The decisions of kubectl's `rollout status`, in its order.
struct RolloutStatusTests {
  private func status(
    generation: Int64 = 3, observed: Int64? = 3, wanted: Int64? = 4, replicas: Int64? = 4, updated: Int64? = 4,
    available: Int64? = 4,
    reason: String? = "NewReplicaSetAvailable", _ spec: JSONObject = [:]
  ) throws -> RolloutStatus {
    var status: JSONObject = [:]
    for (name, value) in [
      ("observedGeneration", observed), ("replicas", replicas), ("updatedReplicas", updated), ("availableReplicas", available),
    ] {
      if let value { status[name] = .number(JSONNumber(value)) }
    }
    if let reason {
      status["conditions"] = [["type": "Available", "reason": "x"], ["type": "Progressing", "reason": .string(reason)]]
    }
    var spec = spec
    spec["template"] = ["metadata": ["annotations": ["kubectl.kubernetes.io/restartedAt": "2026-11-23T14:00:05Z"]]]
    if let wanted { spec["replicas"] = .number(JSONNumber(wanted)) }
    let object: JSONValue = [
      "metadata": ["name": "web", "generation": .number(JSONNumber(generation))], "spec": .object(spec),
      "status": .object(status),
    ]
    return try #require(RolloutStatus(object))
  }

  private static let start = "Waiting for deployment \"web\" rollout to finish: "

  @Test func waitsUntilTheControllerHasSeenTheChange() throws {
    let waiting = RolloutStatus.State.waiting("Waiting for deployment spec update to be observed...")
    #expect(try status(observed: 2, reason: "ProgressDeadlineExceeded").state(since: nil) == waiting)
    #expect(try status(observed: nil).state(since: nil) == waiting)
    // What was read may be older than our own patch, and say that the rollout before has failed.
    #expect(try status(reason: "ProgressDeadlineExceeded").state(since: 4) == waiting)
  }

  @Test func failsByTheControllersWord() throws {
    let failed = RolloutStatus.State.failed("deployment \"web\" exceeded its progress deadline")
    #expect(try status(reason: "ProgressDeadlineExceeded").state(since: 3) == failed)
    #expect(try status(updated: 1, reason: "ProgressDeadlineExceeded").state(since: nil) == failed)
  }

  @Test func waitsForEachStep() throws {
    #expect(
      try status(updated: 1, available: 0).state(since: 3)
        == .waiting(Self.start + "1 out of 4 new replicas have been updated..."))
    #expect(try status(replicas: 6).state(since: 3) == .waiting(Self.start + "2 old replicas are pending termination..."))
    #expect(try status(available: 3).state(since: 3) == .waiting(Self.start + "3 of 4 updated replicas are available..."))
    #expect(
      try status(replicas: nil, updated: nil, available: nil, reason: nil).state(since: nil)
        == .waiting(Self.start + "0 out of 4 new replicas have been updated..."))
  }

  @Test func isCompleteWhenNothingIsMissing() throws {
    let complete = RolloutStatus.State.complete("deployment \"web\" successfully rolled out")
    #expect(try status().state(since: 3) == complete)
    #expect(try status(wanted: 0, replicas: nil, updated: nil, available: nil).state(since: nil) == complete)
    #expect(try status(wanted: nil).state(since: nil) == complete)
  }

  @Test(arguments: [Int64.min, .max, -1]) func noNumberTraps(_ number: Int64) throws {
    for state in [
      try status(generation: number).state(since: number), try status(observed: number).state(since: nil),
      try status(replicas: .max, updated: number).state(since: nil),
      try status(wanted: number, available: number).state(since: nil),
    ] {
      #expect("\(state)" != "")
    }
  }

  @Test(
    arguments: [
      (nil, 600), (30, 30), (0, 1), (-5, 1), (2_147_483_647, 3600), (.max, 3600),
    ] as [(Int64?, Int64)])
  func keepsTheProgressDeadlineWithinReason(_ seconds: Int64?, _ expected: Int64) throws {
    let spec: JSONObject = seconds.map { ["progressDeadlineSeconds": .number(JSONNumber($0))] } ?? [:]
    #expect(try status(spec).progressDeadline == .seconds(expected))
  }

  @Test func readsWhatElseIsLookedAt() throws {
    let paused = try status(["paused": true])
    #expect(paused.isPaused && paused.generation == 3)
    #expect(paused.restartedAt == Timestamp(rfc3339: "2026-11-23T14:00:05Z"))
    #expect(RolloutStatus(["metadata": ["name": "web"]]) == nil)
    #expect(RolloutStatus([]) == nil)
  }
}
