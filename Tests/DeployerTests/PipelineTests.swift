import Clocks
import Configuration
@testable import Deployer
import DurableLog
import HTTP
import HTTPClient
import HTTPServer
import JSON
import Kubernetes
import Telemetry
import Testing
import TestSupport

@Suite(.timeLimit(.minutes(5))) struct PipelineTests {
  @Test func restartsWithOneReadAndOnePatch() async throws {
    let pipeline = try Pipeline()
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1"))
      await pipeline.lines.reach(1, "finished", "event_id=1")
      let story = try await pipeline.json("/events/1")
      #expect(story["outcome"] == "succeeded")
      #expect(try await pipeline.stages("1") == ["received", "decided", "planned", "finished"])
      #expect(pipeline.api.log.map(\.method) == [.get, .patch])
      #expect(pipeline.disk.afterKill().paths.contains { $0.hasPrefix("/state/") })
    }
  }

  @Test func makesOneEventOfConcurrentCopies() async throws {
    let pipeline = try Pipeline { $0.acknowledgeCompleted() }
    try await pipeline.running {
      let statuses = try await withThrowingTaskGroup(of: HTTPStatus.self) { group in
        for _ in 0..<12 { group.addTask { try await pipeline.push(Push(id: "1")) } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(statuses == [HTTPStatus](repeating: .noContent, count: 12))
      try await pipeline.accept(Push(id: "1"))
      #expect(try await pipeline.json("/events")["events"]?.array?.count == 1)
      #expect(pipeline.api.count(of: .patch) == 1)
    }
  }

  @Test func answersAfterTheOutcomeWhereTheSourceSaysSo() async throws {
    let pipeline = try Pipeline { $0.acknowledgeCompleted() }
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1"))
      #expect(pipeline.api.count(of: .patch) == 1)
      #expect(try await pipeline.json("/events/1")["outcome"] == "succeeded")
      try await pipeline.accept(Push(id: "2", data: "{"))
      #expect(try await pipeline.json("/events/2")["outcome"] == "dead")
    }
  }

  @Test(arguments: [
    FakeAPIServer.Step.refuse(500), .refuse(503, reason: "ServiceUnavailable"), .refuse(429, retryAfter: 0),
    .fail(.connectionLost(origin: "test", reason: "reset")), .fail(.deadlineExceeded(origin: "test", after: .seconds(10))),
    .answer(200, content: "<html>"),
  ])
  func triesAgain(_ step: FakeAPIServer.Step) async throws {
    let pipeline = try Pipeline { $0.acknowledgeCompleted() }
    pipeline.api.script(.get, step, step)
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1"))
      #expect(
        try await pipeline.stages("1")
          == ["received", "decided", "attempt-failed", "attempt-failed", "planned", "finished"])
      #expect(pipeline.api.count(of: .get) == 3)
      #expect(pipeline.api.count(of: .patch) == 1)
    }
  }

  /// The patch was applied and nobody heard of it: the next attempt finds it by the planned value.
  @Test func restartsOnceThoughTheAnswerIsLost() async throws {
    let pipeline = try Pipeline { $0.acknowledgeCompleted() }
    pipeline.api.script(.patch, .lose(.connectionLost(origin: "test", reason: "reset")))
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1"))
      #expect(try await pipeline.json("/events/1")["outcome"] == "succeeded")
      #expect(pipeline.api.count(of: .patch) == 1)
      #expect(pipeline.api.deployment("default", "frontend")?["metadata"]?["generation"] == 2)
    }
  }

  @Test func waitsAsLongAsTheServerAsks() async throws {
    let pipeline = try Pipeline { $0.acknowledgeCompleted() }
    pipeline.api.script(.get, .refuse(429, reason: "TooManyRequests", retryAfter: 1))
    try await pipeline.running {
      let start = ContinuousClock.now
      try await pipeline.accept(Push(id: "1"))
      #expect(start.duration(to: .now) >= .seconds(1))
      #expect(try await pipeline.json("/events/1")["outcome"] == "succeeded")
    }
  }

  @Test(arguments: [
    (FakeAPIServer.Step.refuse(403, reason: "Forbidden", message: "no"), "forbidden"),
    (.refuse(404, reason: "NotFound"), "not_found"),
    (.refuse(422, reason: "Invalid"), "invalid"),
  ])
  func buriesWhatIsRefusedThreeTimes(_ step: FakeAPIServer.Step, _ reason: String) async throws {
    let pipeline = try Pipeline { $0.acknowledgeCompleted() }
    // What else goes wrong between the refusals is not one of them.
    pipeline.api.script(.get, step, .refuse(503), step, step)
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1"))
      let letter = try await pipeline.json("/deadletters/1.dead1")
      #expect(letter["reason"] == .string(reason))
      #expect(letter["attempts"] == 4)
      #expect(pipeline.api.count(of: .get) == 4)
      #expect(pipeline.api.count(of: .patch) == 0)
    }
  }

  /// The Deployment was applied a moment after its image was pushed.
  @Test func restartsWhatAppearsAMomentLater() async throws {
    let pipeline = try Pipeline { $0.acknowledgeCompleted() }
    pipeline.api.script(.get, .refuse(404, reason: "NotFound"), .refuse(403, reason: "Forbidden"))
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1"))
      #expect(try await pipeline.json("/events/1")["outcome"] == "succeeded")
      #expect(pipeline.api.count(of: .patch) == 1)
    }
  }

  @Test(arguments: [(400, "invalid"), (405, "rejected")])
  func buriesAtOnceWhatNoTimeCures(_ status: Int, _ reason: String) async throws {
    let pipeline = try Pipeline { $0.acknowledgeCompleted() }
    pipeline.api.script(.get, .refuse(status))
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1"))
      let letter = try await pipeline.json("/deadletters/1.dead1")
      #expect(letter["reason"] == .string(reason))
      #expect(letter["attempts"] == 1)
      #expect(pipeline.api.count(of: .get) == 1)
    }
  }

  /// Nothing of it would be in the log otherwise, and after each start it would be tried again.
  @Test func buriesWhatTheLogCouldNotHold() async throws {
    let documents = try Documents.makeDirectory(rules: Documents.rules(copying: "$.note", times: 60))
    let pipeline = try Pipeline {
      $0.acknowledgeCompleted()
      $0.rules = documents + "/rules"
    }
    var push = Push(id: "1")
    push.data = push.notification.dropLast() + #","note":"\#(String(repeating: "x", count: 150_000))"}"#
    try await pipeline.running { try await pipeline.accept(push) }
    let next = try Pipeline(disk: pipeline.disk.afterKill(), api: pipeline.api) { $0.rules = documents + "/rules" }
    try await next.running {
      let letter = try await next.json("/deadletters/1.dead1")
      #expect(letter["reason"] == "too_large")
      #expect(letter["story"]?["outcome"] == "dead")
      #expect(try await next.stages("1") == ["received", "decided"])
      #expect(try await next.ask("/jobs").content == Array("{\n  \"jobs\": []\n}\n".utf8))
      #expect(next.api.count(of: .patch) == 0)
    }
  }

  @Test func buriesARestartOfAPausedDeployment() async throws {
    let api = FakeAPIServer()
    api.addDeployment("default", "frontend", isPaused: true)
    let pipeline = try Pipeline(api: api) { $0.acknowledgeCompleted() }
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1"))
      #expect(try await pipeline.json("/deadletters/1.dead1")["reason"] == "paused")
      #expect(api.count(of: .patch) == 0)
    }
  }

  @Test func buriesWhatFailsTooOften() async throws {
    let pipeline = try Pipeline {
      $0.acknowledgeCompleted()
      $0.retry.attempts = 2
    }
    pipeline.api.script(.get, .refuse(500), .refuse(503, message: "the last words"))
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1"))
      let letter = try await pipeline.json("/deadletters/1.dead1")
      #expect(letter["reason"] == "exhausted")
      #expect(letter["attempts"] == 2)
      #expect(letter["detail"]?.string?.contains("the last words") == true, "\(letter.text())")
      #expect(pipeline.api.count(of: .get) == 2)
    }
  }

  @Test func touchesNoNamespaceThatIsNotAllowed() async throws {
    let pipeline = try Pipeline { $0.acknowledgeCompleted() }
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1", image: Documents.backend))
      let letter = try await pipeline.json("/deadletters/1.dead1")
      #expect(letter["reason"] == "namespace")
      #expect(letter["detail"]?.string?.contains("backend-ns") == true)
      #expect(pipeline.api.log.isEmpty)
    }
  }

  @Test func looksAndDoesNotPatchInADryRun() async throws {
    let pipeline = try Pipeline {
      $0.acknowledgeCompleted()
      $0.isDryRun = true
    }
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1"))
      #expect(try await pipeline.json("/events/1")["outcome"] == "would-restart")
      #expect(pipeline.api.log.map(\.method) == [.get])
    }
  }

  @Test func coalescesJobsThatWaitForOneWorkload() async throws {
    let pipeline = try Pipeline()
    // Taken before anybody works, so that all wait.
    for number in 1...5 {
      try await pipeline.accept(Push(id: "\(number)", publishTime: Push.published + .milliseconds(number)))
    }
    await pipeline.lines.reach(5, "decided")
    try await pipeline.running {
      await pipeline.lines.reach(1, "finished", "event_id=5")
      let coalesced = try await pipeline.json("/events?outcome=coalesced")["events"]?.array?.map { $0["id"] }
      #expect(coalesced == ["4", "3", "2", "1"])
      #expect(try await pipeline.json("/events/5")["outcome"] == "succeeded")
      #expect(pipeline.api.count(of: .patch) == 1)
    }
  }

  // MARK: Metrics

  @Test func tellsHowOldTheOldestWorkIs() async throws {
    let pipeline = try Pipeline()
    func age() -> Substring? {
      pipeline.registry.text().split(separator: "\n").first { $0.hasPrefix("relaunch_backlog_oldest_seconds ") }
    }
    #expect(age() == "relaunch_backlog_oldest_seconds 0")
    try await pipeline.accept(Push(id: "1"))
    pipeline.clock.advance(by: .seconds(90))
    #expect(age() == "relaunch_backlog_oldest_seconds 90")
    try await pipeline.running {
      await pipeline.lines.reach(1, "finished", "event_id=1")
      #expect(age() == "relaunch_backlog_oldest_seconds 0")
    }
  }

  /// What is repeated and what is given up at once are counted alike.
  @Test(arguments: [(403, "forbidden", 3), (500, "server", 1), (400, "invalid", 1)])
  func countsFailedAttemptsByReason(_ status: Int, _ reason: String, _ times: Int) async throws {
    let pipeline = try Pipeline { $0.acknowledgeCompleted() }
    for _ in 0..<times { pipeline.api.script(.get, .refuse(status)) }
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1"))
      let lines = pipeline.registry.text().split(separator: "\n").filter { $0.hasPrefix("relaunch_attempts_failed_total{") }
      #expect(lines.filter { !$0.hasSuffix(" 0") } == ["relaunch_attempts_failed_total{reason=\"\(reason)\"} \(times)"])
    }
  }

  /// What people read names times as all else does.
  @Test func reasonsHaveTimesAndSentences() async throws {
    let api = FakeAPIServer()
    api.addDeployment("default", "frontend", images: [Documents.frontend], restartedAt: "2026-11-24T00:00:30Z")
    let pinned = Documents.backend.split(separator: ":")[0] + "@sha256:" + String(repeating: "0", count: 64)
    api.addDeployment("backend-ns", "backend", images: [pinned])
    let pipeline = try Pipeline(api: api) {
      $0.acknowledgeCompleted()
      $0.kubernetes.namespaces = .only(["default", "backend-ns"])
    }
    pipeline.clock.advance(by: .seconds(60))
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1"))
      try await pipeline.accept(Push(id: "2", image: Documents.backend))
      let text = try await pipeline.text("/events")
      #expect(text.contains("it was restarted at 2026-11-24T00:00:30Z, after the message was published"), "\(text)")
      #expect(text.contains("every container of this image names a digest"), "\(text)")
    }
  }

  @Test func tellsThatTheLogIsFull() async throws {
    let pipeline = try Pipeline()
    try await pipeline.accept(Push(id: "1"))
    pipeline.disk.setUsable(0)
    // The zeros ahead still take some.
    var number = 2
    while try await pipeline.push(Push(id: "\(number)")) == .noContent, number < 1000 { number += 1 }
    #expect(try await pipeline.push(Push(id: "last")) == .serviceUnavailable)
    let full = try pipeline.readiness()
    #expect(full.status == .ok && full.text.contains("\n[!]log no event is taken while it is full: "), "\(full.text)")
  }

  @Test func tellsWhetherItIsReady() async throws {
    let pipeline = try Pipeline()
    #expect(pipeline.registry.text().contains("\nrelaunch_ready 1\n"))
    pipeline.deployer.beginLeaving()
    #expect(pipeline.registry.text().contains("\nrelaunch_ready 0\n"))
  }

  // MARK: Refusals

  @Test func refusesMoreThanTheBacklogHolds() async throws {
    let pipeline = try Pipeline { $0.limits.backlog = 2 }
    try await pipeline.accept(Push(id: "1"))
    try await pipeline.accept(Push(id: "2", image: Documents.backend))
    let refusal = try await pipeline.push(Push(id: "3").body)
    #expect(refusal.status == .tooManyRequests)
    #expect(refusal.fields["retry-after"] == "5")
    try await pipeline.running {
      await pipeline.lines.reach(1, "finished", "event_id=1")
      await pipeline.lines.reach(1, "dead letter", "event_id=2")
      try await pipeline.accept(Push(id: "3"))
    }
  }

  @Test func refusesMoreThanMayWaitForTheLog() async throws {
    let pipeline = try Pipeline { $0.limits.inFlight = 1 }
    pipeline.disk.holdSyncs()
    async let first = pipeline.push(Push(id: "1"))
    // Counted when it is let in.
    let hasArrived = { pipeline.registry.text().contains("\nrelaunch_publish_to_receipt_seconds_count 1\n") }
    while !hasArrived() { await Task.yield() }
    #expect(try await pipeline.push(Push(id: "2")) == .tooManyRequests)
    pipeline.disk.releaseSyncs()
    #expect(try await first == .noContent)
    #expect(try await pipeline.push(Push(id: "2")) == .noContent)
  }

  /// Nobody can say what a failed sync left on the disk: no push that it covered is answered 2xx, and none after it.
  @Test func promisesNothingOnceTheLogHasFailed() async throws {
    let pipeline = try Pipeline()
    try await pipeline.running {
      pipeline.disk.inject(.error(5), atEvery: "fdatasync")
      let refusal = try await pipeline.push(Push(id: "1").body)
      #expect(refusal.status == .serviceUnavailable)
      #expect(refusal.fields["retry-after"] == "5")
      guard case .failed? = pipeline.deployer.logFailure else { return #expect(Bool(false), "the log is said to work") }
      pipeline.disk.inject(nil, atEvery: "fdatasync")
      #expect(try await pipeline.push(Push(id: "2")) == .serviceUnavailable)
      #expect(pipeline.api.log.isEmpty)
      #expect(try await pipeline.ask("/events/1").status == .notFound)
    }
  }

  @Test func takesNothingMoreOnceItStops() async throws {
    let pipeline = try Pipeline()
    pipeline.deployer.beginStopping()
    #expect(try await pipeline.push(Push(id: "1")) == .serviceUnavailable)
  }

  /// Without rules every push would be acknowledged and filtered.
  @Test func takesNothingBeforeTheRulesCouldBeRead() async throws {
    let pipeline = try Pipeline { $0.rules += "-not-mounted" }
    let refusal = try await pipeline.push(Push(id: "1").body)
    #expect(refusal.status == .serviceUnavailable)
    let ready = try pipeline.readiness()
    #expect(ready.status == .serviceUnavailable && ready.text.contains("[-]rules not read yet\n"))
  }

  /// The value of the patch is durable before the patch is sent, or a crash would send another.
  @Test func sendsNoPatchThatIsNotJournaled() async throws {
    let pipeline = try Pipeline { $0.retry.attempts = 2 }
    pipeline.api.script(.get, .change { _ in pipeline.disk.inject(.error(5), atEvery: "fdatasync") })
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1"))
      await pipeline.lines.reach(1, "dead letter not recorded")
      #expect(pipeline.api.count(of: .get) == 2)
      #expect(pipeline.api.count(of: .patch) == 0)
    }
  }

  @Test func answersOtherRequestsByTheirHead() async throws {
    let pipeline = try Pipeline()
    #expect(try await pipeline.push(.get, "/healthz").status == .ok)
    #expect(try await pipeline.push(.get, "/events").status == .notFound)
    #expect(try await pipeline.push(.post, "/push/other").status == .notFound)
    let refusal = try await pipeline.push(.get, "/push/gar")
    #expect(refusal.status == .methodNotAllowed)
    #expect(refusal.fields[.allow] == "POST")
    #expect(
      try await pipeline.push(.post, "/push/gar", fields: HTTPFields([(.contentEncoding, "gzip")])).status
        == .unsupportedMediaType)
  }

  /// Sending it again would not help; so it is acknowledged, and kept to be looked at.
  @Test(arguments: ["not JSON", #"{"message":{"data":"!"}}"#, #"{"message":1}"#, "[]"])
  func keepsWhatCannotBeReadAsADeadLetter(_ body: String) async throws {
    let pipeline = try Pipeline { $0.acknowledgeCompleted() }
    try await pipeline.running {
      #expect(try await pipeline.push(Array(body.utf8)).status == .noContent)
      let letters = try await pipeline.json("/deadletters")["deadLetters"]?.array ?? []
      #expect(letters.map { $0["reason"] } == ["poison"])
      let id = try #require(letters.first?["event"]?.string)
      #expect(try await pipeline.text("/events/\(id)").contains("dead"))
    }
  }

  @Test(arguments: [".", "..", "a/b", "", String(repeating: "x", count: 65), "\u{1b}[31m"])
  func namesAnEventThatItsMessageCannotName(_ messageID: String) async throws {
    let pipeline = try Pipeline { $0.acknowledgeCompleted() }
    try await pipeline.running {
      try await pipeline.accept(Push(id: messageID))
      let id = try #require(try await pipeline.json("/events")["events"]?[0]?["id"]?.string)
      #expect(id.hasPrefix("x") && id.utf8.count == 17, "\(id)")
      #expect(try await pipeline.json("/events/\(id)")["outcome"] == "succeeded")
    }
  }

  /// Message ids are unique within a topic only.
  @Test func keepsMessagesOfTwoSourcesApart() async throws {
    let pipeline = try Pipeline { settings in
      settings.acknowledgeCompleted()
      settings.addSource("other")
    }
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1"))
      #expect(try await pipeline.push(Push(id: "1").body, source: "other").status == .noContent)
      let ids = try await pipeline.json("/events")["events"]?.array?.map { $0["id"] }
      #expect(ids == ["1~2", "1"])
    }
  }
}

extension Settings {
  /// Has pushes answered when the event is finished, which tests can wait for.
  mutating func acknowledgeCompleted() {
    for index in sources.indices { sources[index].acknowledgement = .completed }
  }

  mutating func addSource(_ name: String) {
    let read = try? Settings.read(Array("sources: {\(name): {authentication: none}}".utf8), file: "test.yaml")
    sources += read?.sources ?? []
  }
}
