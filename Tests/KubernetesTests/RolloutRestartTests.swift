import Clocks
import Events
import HTTP
import HTTPClient
import JSON
import Kubernetes
import Locks
import TestSupport
import Testing

/// Restarts against a server in memory at 14:00:05.250, of the Deployment default/web.
@Suite final class RolloutRestartTests {
  private let server = FakeAPIServer()
  private let clock = ManualWallClock("2026-11-23T14:00:05.250Z")
  private let planned = Mutex<[Timestamp]>([])

  private func restart(
    message: String = "m1", published: String? = "2026-11-23T14:00:04.900Z",
    image: String? = "europe-docker.pkg.dev/acme/apps/web:latest",
    planned: String? = nil, isDryRun: Bool = false
  ) async throws -> RestartReport {
    let request = RestartRequest(
      namespace: "default", name: "web", messageID: message, publishTime: published.map(time),
      image: image.flatMap { ImageReference($0) },
      planned: planned.map(time), isDryRun: isDryRun)
    return try await RolloutRestart(client: server.client(), clock: clock).run(request) { plan in
      self.planned.withLock { $0.append(plan.value) }
    }
  }

  private func add(restartedAt: String? = nil, provenance: RestartProvenance? = nil, isPaused: Bool = false) {
    server.addDeployment("default", "web", isPaused: isPaused, restartedAt: restartedAt, provenance: provenance?.annotation)
  }

  private var live: String? {
    server.deployment("default", "web")?["spec"]?["template"]?["metadata"]?["annotations"]?[RolloutRestart.restartedAtAnnotation]?
      .string
  }

  private var journaled: [Timestamp] { planned.withLock { $0 } }

  @Test func oneGetAndOnePatchAsKubectlSendsThem() async throws {
    add()
    let before = try #require(server.deployment("default", "web"))
    let report = try await restart()
    let value = "2026-11-23T14:00:05Z"
    #expect(
      report
        == RestartReport(outcome: .restarted(value: time(value), generation: 2, resourceVersion: "102"), notes: []))
    let path = "/apis/apps/v1/namespaces/default/deployments/web"
    let provenance =
      #"{"message":"m1","restartedAt":"2026-11-23T14:00:05Z","at":"2026-11-23T14:00:05.250Z","image":"europe-docker.pkg.dev/acme/apps/web:latest"}"#
    #expect(
      server.log == [
        FakeAPIServer.Entry(method: .get, target: path, contentType: nil, authorization: nil, content: nil),
        FakeAPIServer.Entry(
          method: .patch, target: path + "?fieldManager=kubectl-rollout", contentType: "application/strategic-merge-patch+json",
          authorization: nil,
          content: [
            "metadata": ["resourceVersion": "101", "annotations": ["relaunch.dev/last-restart": .string(provenance)]],
            "spec": ["template": ["metadata": ["annotations": ["kubectl.kubernetes.io/restartedAt": .string(value)]]]],
          ]),
      ])
    // Nothing but the two annotations differs, and the note is not on the template, where it would itself make pods roll.
    let after = try #require(server.deployment("default", "web"))
    #expect(after["spec"]?["template"]?["metadata"]?["annotations"] == ["kubectl.kubernetes.io/restartedAt": .string(value)])
    #expect(after["spec"]?["template"]?["spec"] == before["spec"]?["template"]?["spec"])
    #expect(after["metadata"]?["annotations"] == ["relaunch.dev/last-restart": .string(provenance)])
  }

  @Test(
    arguments: [
      // The live annotation, and the value that must follow it.
      (nil, "2026-11-23T14:00:05Z"), ("2026-11-23T14:00:04Z", "2026-11-23T14:00:05Z"),
      ("2026-11-23T14:00:05Z", "2026-11-23T14:00:06Z"), ("2026-11-23T15:00:05+01:00", "2026-11-23T14:00:06Z"),
      ("2026-11-23T14:00:05.900Z", "2026-11-23T14:00:06Z"), ("2031-01-01T00:00:00Z", "2031-01-01T00:00:01Z"),
      ("yesterday", "2026-11-23T14:00:05Z"), ("", "2026-11-23T14:00:05Z"),
    ] as [(String?, String)])
  func theValueIsAlwaysLaterThanTheLiveOne(_ old: String?, _ expected: String) async throws {
    add(restartedAt: old)
    let report = try await restart()
    #expect(report.outcome == .restarted(value: time(expected), generation: 2, resourceVersion: "102"))
    #expect(live == expected)
    #expect(journaled == [time(expected)])
    #expect(report.notes.count == (old.map { Timestamp(rfc3339: $0) == nil } ?? false ? 1 : 0))
  }

  @Test func aJournaledValueIsReusedWhileTheLiveOneIsOlder() async throws {
    add(restartedAt: "2026-11-23T13:00:00Z")
    let report = try await restart(planned: "2026-11-23T13:59:00Z")
    #expect(report.outcome == .restarted(value: time("2026-11-23T13:59:00Z"), generation: 2, resourceVersion: "102"))
    #expect(journaled == [])
  }

  @Test func aPlanWithAFractionIsCut() async throws {
    let cut = time("2026-11-23T13:59:59Z")
    add()
    let first = try await restart(published: nil, planned: "2026-11-23T13:59:59.900Z")
    #expect(first.outcome == .restarted(value: cut, generation: 2, resourceVersion: "102"))
    let second = try await restart(message: "m2", published: nil, planned: "2026-11-23T13:59:59.900Z")
    #expect(second.outcome == .alreadyDone(value: cut))
  }

  @Test func messagesWithoutAnIDAreNotTakenForOneAnother() async throws {
    add()
    _ = try await restart(message: "")
    let second = try await restart(message: "")
    #expect(second.outcome == .restarted(value: time("2026-11-23T14:00:06Z"), generation: 3, resourceVersion: "103"))
  }

  @Test func aJournaledValueThatSomebodyPassedIsReplacedAndJournaledAgain() async throws {
    // An older restart of somebody else moved the annotation past the plan without being later than the push.
    add(restartedAt: "2026-11-23T14:00:03Z")
    let report = try await restart(planned: "2026-11-23T14:00:02Z")
    #expect(report.outcome == .restarted(value: time("2026-11-23T14:00:05Z"), generation: 2, resourceVersion: "102"))
    #expect(journaled == [time("2026-11-23T14:00:05Z")])
  }

  @Test func aRetryAfterALostAnswerFindsTheWorkDone() async throws {
    add()
    server.script(.patch, .lose(.connectionLost(origin: "o", reason: "reset")))
    await #expect { () async throws in _ = try await restart() } throws: {
      ($0 as? RestartError)?.disposition == .retry(.network, after: nil)
    }
    #expect(journaled == [time("2026-11-23T14:00:05Z")])
    let report = try await restart(planned: "2026-11-23T14:00:05Z")
    #expect(report.outcome == .alreadyDone(value: time("2026-11-23T14:00:05Z")))
    #expect(server.count(of: .patch) == 1)
    #expect(server.deployment("default", "web")?["metadata"]?["generation"] == 2)
  }

  @Test func aRedeliveryThatKnowsNoPlanIsRecognizedByItsMessage() async throws {
    add()
    _ = try await restart()
    clock.set("2026-11-23T14:05:00Z")
    let report = try await restart(published: nil)
    #expect(report.outcome == .alreadyDone(value: time("2026-11-23T14:00:05Z")))
    #expect(server.count(of: .patch) == 1)
  }

  @Test func aNoteAboutAnotherRestartThanTheLiveOneDoesNotCount() async throws {
    let note = RestartProvenance(messageID: "m1", restartedAt: "2026-11-23T14:00:01Z", at: time("2026-11-23T14:00:01Z"))
    // Somebody rolled back, or restarted by hand, after us.
    add(restartedAt: "2026-11-23T14:00:02Z", provenance: note)
    let report = try await restart()
    #expect(report.outcome == .restarted(value: time("2026-11-23T14:00:05Z"), generation: 2, resourceVersion: "102"))
  }

  @Test func aRollbackToOldPodsIsNotTakenForOurLastRestart() async throws {
    // `rollout undo` brings back the older template, but not the note that our restart left on the Deployment.
    let note = RestartProvenance(messageID: "m0", restartedAt: "2026-11-23T14:00:04Z", at: time("2026-11-23T14:00:04Z"))
    add(restartedAt: "2026-11-23T10:00:00Z", provenance: note)
    let report = try await restart(published: "2026-11-23T14:00:00Z")
    #expect(report.outcome == .restarted(value: time("2026-11-23T14:00:05Z"), generation: 2, resourceVersion: "102"))
  }

  @Test(
    arguments: [
      // The push was at 14:00:00.500; two seconds of skew. The live restart by kubectl, and whether it came later.
      ("2026-11-23T14:00:02Z", false), ("2026-11-23T14:00:03Z", true), ("2026-11-23T14:00:07Z", true),
      // In the future by more than the skew: no time at which pods were replaced.
      ("2026-11-23T14:00:08Z", false),
    ])
  func aRestartByOthersSupersedesFromTheSkewOn(_ restartedAt: String, _ isSuperseded: Bool) async throws {
    add(restartedAt: restartedAt)
    let report = try await restart(published: "2026-11-23T14:00:00.500Z")
    if isSuperseded {
      #expect(report.outcome == .superseded(by: time(restartedAt)))
      #expect(server.count(of: .patch) == 0)
    } else {
      #expect(server.count(of: .patch) == 1)
    }
  }

  @Test(
    arguments: [
      // When our own restart for another message really was, and whether it came after the push at 14:00:00.500 plus skew.
      ("2026-11-23T14:00:02.499Z", false), ("2026-11-23T14:00:02.500Z", true), ("2026-11-23T14:00:07.250Z", true),
      ("2026-11-23T14:00:07.251Z", false),
    ])
  func ourOwnRestartCountsFromWhenItReallyWas(_ at: String, _ isSuperseded: Bool) async throws {
    // The annotation itself is far ahead: after many restarts in a second, or by a wrong clock.
    let value = "2026-11-23T18:00:00Z"
    add(restartedAt: value, provenance: RestartProvenance(messageID: "m0", restartedAt: value, at: time(at)))
    let report = try await restart(published: "2026-11-23T14:00:00.500Z")
    #expect(
      report.outcome
        == (isSuperseded
          ? .superseded(by: time(value))
          : .restarted(value: time("2026-11-23T18:00:01Z"), generation: 2, resourceVersion: "102")))
  }

  @Test func anOldPlanWrittenLateDoesNotHideTheLateRestart() async throws {
    // m1 journaled 13:00 and got through at 14:00:05; a push at 13:30 is covered by it although the annotation says 13:00.
    add()
    _ = try await restart(published: "2026-11-23T12:59:00Z", planned: "2026-11-23T13:00:00Z")
    let report = try await restart(message: "m2", published: "2026-11-23T13:30:00Z")
    #expect(report.outcome == .superseded(by: time("2026-11-23T13:00:00Z")))
  }

  @Test func withoutAPublishTimeNothingSupersedes() async throws {
    add(restartedAt: "2026-11-23T14:00:05Z")
    let report = try await restart(published: nil)
    #expect(report.outcome == .restarted(value: time("2026-11-23T14:00:06Z"), generation: 2, resourceVersion: "102"))
  }

  @Test func twoPushesInOneSecondAreTwoRestarts() async throws {
    add()
    _ = try await restart(message: "m1", published: "2026-11-23T14:00:05.100Z")
    let second = try await restart(message: "m2", published: "2026-11-23T14:00:05.200Z")
    #expect(second.outcome == .restarted(value: time("2026-11-23T14:00:06Z"), generation: 3, resourceVersion: "103"))
  }

  private static let digests = ["a", "b"].map { "sha256:" + String(repeating: $0, count: 64) }

  /// Three tags of one push, in any order: one rollout. But where the containers run the tag that comes later, the pods may have pulled what
  /// it was before.
  @Test(arguments: [
    // The earlier tag, the later tag, the container's tag, the later digest, the later publish time, and whether it is the same push.
    ("v1", "latest", "other", 0, "2026-11-23T14:00:07Z", true),
    ("v1", "v1", "v1", 0, "2026-11-23T14:00:07Z", true),
    ("latest", "v1", "latest", 0, "2026-11-23T14:01:05Z", true),
    ("v1", "latest", "latest", 0, "2026-11-23T14:00:07Z", false),
    ("v1", "v2", "other", 1, "2026-11-23T14:00:07Z", false),
    ("v1", "v1", "v1", 0, "2026-11-23T14:01:06Z", false),
  ])
  func messagesOfOnePushAreOneRestart(
    _ first: String, _ second: String, _ used: String, _ digest: Int, _ published: String, _ isSame: Bool
  ) async throws {
    let image = "europe-docker.pkg.dev/acme/apps/web"
    server.addDeployment("default", "web", images: ["\(image):\(used)"])
    _ = try await restart(message: "m1", image: "\(image):\(first)@\(Self.digests[0])")
    let report = try await restart(message: "m2", published: published, image: "\(image):\(second)@\(Self.digests[digest])")
    #expect(server.count(of: .patch) == (isSame ? 1 : 2))
    #expect((report.outcome == .coalesced(message: "m1", at: time("2026-11-23T14:00:05.250Z"))) == isSame)
  }

  @Test func theLoserOfARaceReadsAgainAndSeesItIsSuperseded() async throws {
    add()
    server.script(.patch, .change { $0.restart("2026-11-23T14:00:06Z") })
    let report = try await restart(published: "2026-11-23T14:00:00Z")
    #expect(report.outcome == .superseded(by: time("2026-11-23T14:00:06Z")))
    #expect(server.count(of: .get) == 2)
    #expect(server.deployment("default", "web")?["metadata"]?["generation"] == 2)
  }

  @Test func theLoserOfARaceForTheSameValueIsDone() async throws {
    // Another replica planned the same second and wrote it after our GET, so after the push.
    add()
    server.script(.patch, .change { $0.restart("2026-11-23T14:00:05Z") })
    #expect(try await restart().outcome == .alreadyDone(value: time("2026-11-23T14:00:05Z")))
    #expect(server.deployment("default", "web")?["metadata"]?["generation"] == 2)
  }

  @Test func aConflictOverSomethingElseIsPatchedAgainWithTheSameValue() async throws {
    add()
    server.script(.patch, .change { $0.scale(3) }, .change { $0.scale(4) })
    let report = try await restart()
    #expect(report.outcome == .restarted(value: time("2026-11-23T14:00:05Z"), generation: 4, resourceVersion: "104"))
    #expect(journaled == [time("2026-11-23T14:00:05Z")])
    #expect(server.count(of: .get) == 3)
  }

  @Test func fiveLostRoundsEndTheAttempt() async throws {
    add()
    for replicas in 3..<20 { server.script(.patch, .change { $0.scale(Int64(replicas)) }) }
    await #expect { () async throws in _ = try await restart() } throws: {
      guard case .contended(_, 5)? = $0 as? RestartError else { return false }
      return ($0 as? RestartError)?.disposition == .retry(.conflict, after: nil)
    }
    #expect(server.count(of: .patch) == 5)
    #expect(journaled == [time("2026-11-23T14:00:05Z")])
  }

  @Test func aPatchThatChangesNothingIsSeen() async {
    add()
    server.script(.patch, .ignore)
    await #expect { () async throws in _ = try await restart() } throws: {
      "\($0)".contains("stayed at generation 1") && ($0 as? RestartError)?.disposition == .permanent(.unchanged)
    }
  }

  @Test func anEchoOfThePatchIsNotBelievedWithoutANewGeneration() async {
    add()
    let content = """
      {"metadata":{"generation":1,"resourceVersion":"9"},"spec":{"template":{"metadata":{"annotations":{
      "kubectl.kubernetes.io/restartedAt":"2026-11-23T14:00:05Z"}}}}}
      """
    server.script(.patch, .answer(200, content: content))
    await #expect { () async throws in _ = try await restart() } throws: {
      ($0 as? RestartError)?.disposition == .permanent(.unchanged)
    }
  }

  @Test func aWebhookThatTakesTheAnnotationAwayIsSeen() async {
    add()
    let content =
      #"{"metadata":{"generation":2,"resourceVersion":"9"},"spec":{"template":{"metadata":{"annotations":{}}}}}"#
    server.script(.patch, .answer(200, content: content))
    await #expect { () async throws in _ = try await restart() } throws: {
      ($0 as? RestartError)?.disposition == .permanent(.unchanged)
    }
  }

  @Test func aPausedDeploymentIsRefusedInKubectlsWords() async {
    add(isPaused: true)
    await #expect { () async throws in _ = try await restart() } throws: {
      "\($0)" == #"deployments.apps "web" can't restart paused deployment (run rollout resume first)"#
        && ($0 as? RestartError)?.disposition == .permanent(.paused)
    }
    #expect(server.count(of: .patch) == 0)
    #expect(journaled == [])
  }

  @Test func whatWasDoneBeforeThePauseIsDone() async throws {
    let value = "2026-11-23T14:00:05Z"
    add(restartedAt: value, provenance: RestartProvenance(messageID: "m1", restartedAt: value, at: time(value)), isPaused: true)
    #expect(try await restart().outcome == .alreadyDone(value: time(value)))
  }

  @Test func aDryRunStopsBeforeJournalAndPatch() async throws {
    add()
    #expect(try await restart(isDryRun: true).outcome == .wouldRestart(value: time("2026-11-23T14:00:05Z")))
    #expect(server.count(of: .patch) == 0)
    #expect(journaled == [])
  }

  @Test func nothingIsSentThatCouldNotBeJournaled() async {
    struct Full: Error {}
    add()
    let restart = RolloutRestart(client: server.client(), clock: clock)
    await #expect { () async throws in
      _ = try await restart.run(RestartRequest(namespace: "default", name: "web", messageID: "m")) { _ in throw Full() }
    } throws: {
      guard case .notJournaled(let error)? = $0 as? RestartError else { return false }
      return error is Full
    }
    #expect(server.count(of: .patch) == 0)
  }

  @Test(arguments: [(HTTPMethod.get, 1, 0), (.patch, 1, 1)])
  func everyRefusalIsHandedOnWithoutAnotherTry(_ method: HTTPMethod, _ gets: Int, _ patches: Int) async {
    for code in [400, 401, 403, 404, 410, 422, 429, 500, 503] {
      let server = FakeAPIServer()
      server.addDeployment("default", "web")
      server.script(method, .refuse(code, reason: "R", message: "no", retryAfter: 3))
      let restart = RolloutRestart(client: server.client(), clock: clock)
      await #expect { () async throws in
        _ = try await restart.run(RestartRequest(namespace: "default", name: "web", messageID: "m")) { _ in }
      } throws: {
        guard case .api(let error)? = $0 as? RestartError else { return false }
        return error.status?.rawValue == code && (error.call.verb == .get) == (method == .get)
      }
      #expect(server.count(of: .get) == gets && server.count(of: .patch) == patches)
    }
  }

  @Test func aMissingDeploymentIsNotFound() async {
    await #expect { () async throws in _ = try await restart() } throws: {
      ($0 as? RestartError)?.disposition == .doubtful(.notFound, after: nil)
        && "\($0)".contains("get deployments.apps default/web: not found")
    }
  }

  @Test func anEmptyNameNeverReachesTheServer() async {
    let restart = RolloutRestart(client: server.client(), clock: clock)
    await #expect { () async throws in
      _ = try await restart.run(RestartRequest(namespace: "default", name: "", messageID: "m")) { _ in }
    } throws: { ($0 as? RestartError)?.disposition == .permanent(.invalid) }
    #expect(server.log.isEmpty)
  }
}

extension JSONValue {
  fileprivate mutating func restart(_ value: String) {
    set(["spec", "template", "metadata", "annotations", RolloutRestart.restartedAtAnnotation], .string(value))
  }

  fileprivate mutating func scale(_ replicas: Int64) { set(["spec", "replicas"], .number(JSONNumber(replicas))) }

  private mutating func set(_ path: ArraySlice<String>, _ value: JSONValue) {
    guard let name = path.first else {
      self = value
      return
    }
    var object = object ?? JSONObject()
    var inner = object[name] ?? [:]
    inner.set(path.dropFirst(), value)
    object[name] = inner
    self = .object(object)
  }
}
