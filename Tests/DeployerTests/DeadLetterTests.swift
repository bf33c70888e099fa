import Clocks
import Configuration
@testable import Deployer
import DurableLog
import HTTP
import HTTPClient
import JSON
import Testing
import TestSupport

/// Many dead letters at once: found, replayed, discarded.
@Suite(.timeLimit(.minutes(5))) struct DeadLetterTests {
  private static let stranger = "us-docker.pkg.dev/acme-prod/apps/stranger:latest"

  /// Runs `body` with letters `1` poison, `2` unresolved, `3` namespace and so on again, a minute apart.
  private func running(letters count: Int = 3, _ body: (Pipeline) async throws -> Void) async throws {
    let pipeline = try Pipeline { $0.acknowledgeCompleted() }
    try await pipeline.running {
      for number in 1...count {
        let images = [Self.stranger, Documents.backend]
        let id = "\(number)"
        try await pipeline.accept(
          number % 3 == 1 ? Push(id: id, data: "{") : Push(id: id, image: images[number % 3 == 2 ? 0 : 1]))
        pipeline.clock.advance(by: .seconds(60))
      }
      try await body(pipeline)
    }
  }

  private func ids(_ answer: JSONValue, _ member: String) -> [String?] {
    answer[member]?.array?.map { $0["deadLetter"]?.string } ?? []
  }

  /// What came from now on.
  private static let sinceSecond = (Push.published + .seconds(61)).rfc3339

  @Test(
    arguments: [
      ("", ["3", "2", "1"]), ("?reason=poison", ["1"]), ("?image=stranger", ["2"]), ("?source=gar", ["3", "2", "1"]),
      ("?source=other", []), ("?target=backend", ["3"]), ("?target=backend-ns/backend", ["3"]), ("?target=ackend", []),
      ("?target=Deployment/backend-ns/backend", ["3"]), ("?since=\(sinceSecond)", ["3", "2"]), ("?until=\(sinceSecond)", ["1"]),
      ("?since=90s", ["3"]), ("?until=1h", []), ("?since=2h&reason=namespace&image=backend", ["3"]),
    ] as [(String, [String])])
  func findsByEachFilter(_ query: String, _ events: [String]) async throws {
    try await running { pipeline in
      let letters = try await pipeline.json("/deadletters\(query)")["deadLetters"]?.array ?? []
      #expect(letters.map { $0["event"]?.string } == events)
    }
  }

  /// A word that is misspelt, or whose variable was never set, would be no filter at all.
  @Test(arguments: [
    "?resaon=poison", "?image=", "?reason=poison&reason=namespace", "?since=yesterday", "?until=5w", "?limit=0", "?limit=1001",
    "?limit=x", "?before=-1", "?since=9999999999d",
  ])
  func refusesAQueryThatSaysNothingClear(_ query: String) async throws {
    try await running { pipeline in
      for (target, method) in [("", HTTPMethod.get), ("/replay", .post), ("", .delete)] {
        let answer = try await pipeline.ask("/deadletters\(target)\(query)", method)
        #expect(answer.status == .badRequest, "\(method) \(target)")
      }
      #expect(try await pipeline.deadLetters().count == 3)
    }
  }

  @Test func changesAllOnlyWhereThatIsSaid() async throws {
    try await running { pipeline in
      #expect(try await pipeline.ask("/deadletters", .delete).status == .badRequest)
      #expect(try await pipeline.ask("/deadletters/replay", .post).status == .badRequest)
      #expect(try await pipeline.ask("/deadletters/replay?all=yes", .post).status == .badRequest)
      #expect(try await pipeline.ask("/deadletters/replay", .get).fields[.allow] == "POST")
      let answer = try await pipeline.json("/deadletters?all=true", .delete)
      #expect(ids(answer, "discarded") == ["1.dead1", "2.dead1", "3.dead1"])
      #expect(answer["count"] == 3 && answer["left"] == 0 && answer["next"] == .null)
      #expect(try await pipeline.deadLetters() == [])
    }
  }

  @Test func listsPageByPage() async throws {
    try await running(letters: 5) { pipeline in
      var target: String? = "/deadletters?limit=2&source=gar"
      var pages: [[String?]] = []
      while let page = target, pages.count < 9 {
        let answer = try await pipeline.ask(page)
        let json = try JSONValue(parsing: answer.content)
        pages.append(json["deadLetters"]?.array?.map { $0["event"]?.string } ?? [])
        target = json["next"]?.string
        #expect(answer.fields[.link] == target.map { "<\($0)>; rel=\"next\"" })
      }
      #expect(pages == [["5", "4"], ["3", "2"], ["1"]])
      let newest = try await pipeline.json("/deadletters?limit=1")["deadLetters"]?[0]
      #expect(newest?["source"] == "gar" && newest?["image"]?.string?.contains("stranger") == true)
      #expect(try await pipeline.text("/deadletters?limit=2").contains("more: /deadletters?limit=2&before="))
    }
  }

  @Test func replaysTheOldestOfManyOnce() async throws {
    try await running(letters: 6) { pipeline in
      let first = try await pipeline.json("/deadletters/replay?reason=poison&limit=1", .post)
      #expect(ids(first, "replayed") == ["1.dead1"])
      #expect(first["left"] == 1)
      await pipeline.lines.reach(3, "dead letter", "reason=poison")
      // The letter that this replay has left is newer than the request, and is not replayed by what follows from it.
      let next = try #require(first["next"]?.string)
      let second = try await pipeline.json(next, .post)
      #expect(ids(second, "replayed") == ["4.dead1"])
      #expect(second["left"] == 0 && second["next"] == .null)
      let third = try await pipeline.ask(next, .post)
      #expect(third.status == .accepted)
      #expect(ids(try JSONValue(parsing: third.content), "replayed") == [])
    }
  }

  /// The whole point of a dead letter: mend what was wrong, then have it done.
  @Test func replaysAJobByTheMendedMapping() async throws {
    let documents = try Documents.makeDirectory(
      rules: Documents.rules(), mapping: Documents.mapping.replacing("deploymentName: frontend", with: "deploymentName: typo"))
    let pipeline = try Pipeline {
      $0.acknowledgeCompleted()
      $0.rules = documents + "/rules"
      $0.mapping = documents + "/mapping"
    }
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1"))
      #expect(try await pipeline.json("/deadletters/1.dead1")["reason"] == "not_found")
      try Documents.write(Documents.mapping, as: "mapping", in: documents)
      await pipeline.lines.reach(2, "rules loaded")
      #expect(try await pipeline.ask("/deadletters/1.dead1/replay", .post).status == .accepted)
      await pipeline.lines.reach(1, "finished", "target=Deployment/default/frontend")
      let story = try await pipeline.json("/events/1")
      #expect(story["outcome"] == "succeeded")
      let decisions = story["stages"]?.array?.filter { $0["state"] == "decided" } ?? []
      #expect(decisions.map { $0["replayOf"] } == [nil, "1.dead1"])
      #expect(decisions.last?["jobs"]?[0]?["replayOf"] == "1.dead1")
      #expect(pipeline.api.deployment("default", "frontend")?["metadata"]?["generation"] == 2)
    }
  }

  /// Both triggers want the event; the one that was done is not done again.
  @Test func replaysOneTriggerOfTwo() async throws {
    let documents = try Documents.makeDirectory(
      rules: try Documents.rules(withOtherFrom: "$.deployment"))
    let pipeline = try Pipeline {
      $0.acknowledgeCompleted()
      $0.rules = documents + "/rules"
    }
    try await pipeline.running {
      var push = Push(id: "1")
      push.data = push.notification.dropLast() + #","deployment":"late"}"#
      try await pipeline.accept(push)
      #expect(pipeline.api.count(of: .patch) == 1)
      #expect(try await pipeline.deadLetters().count == 1)
      pipeline.api.addDeployment("default", "late")
      let letter = try #require(try await pipeline.deadLetters().first)
      #expect(try await pipeline.ask("/deadletters/\(letter)/replay", .post).status == .accepted)
      await pipeline.lines.reach(1, "finished", "target=Deployment/default/late")
      #expect(pipeline.api.log.filter { $0.method == .get && $0.target.hasSuffix("frontend") }.count == 1)
      #expect(pipeline.api.count(of: .patch) == 2)
    }
  }

  /// The replay is in the log before it is decided, and what it is of with it.
  @Test func decidesAReplayAfterACrash() async throws {
    let first = try Pipeline { $0.acknowledgeCompleted() }
    for _ in 0..<3 { first.api.script(.get, .refuse(403, reason: "Forbidden")) }
    try await first.running { try await first.accept(Push(id: "1")) }
    let disk = first.disk.afterKill()
    let (ledger, _) = try Ledger.open(
      LogConfiguration(directory: "/state"), index: Samples.index(), disk: disk, clock: first.clock)
    let letter = try #require(ledger.read { $0.deadLetters.first?.letter })
    try await ledger.record(
      .replayed(deadLetter: letter.id, eventID: "1", job: nil, scope: letter.scope, by: "admin", at: first.clock.now()))
    let second = try Pipeline(disk: disk.afterKill(), api: first.api, clock: first.clock)
    try await second.running {
      await second.lines.reach(1, "finished", "event_id=1")
      let stages = try await second.json("/events/1")["stages"]?.array ?? []
      #expect(
        stages.map { $0["state"] }.filter { $0 != "attempt-failed" }
          == ["received", "decided", "dead", "replayed", "decided", "planned", "finished"])
      #expect(stages.last { $0["state"] == "decided" }?["replayOf"] == "1.dead1")
    }
  }

  @Test func journalsWhyALetterWasDiscarded() async throws {
    try await running { pipeline in
      #expect(try await pipeline.ask("/deadletters/1.dead1?reason=a%20typo", .delete).status == .ok)
      #expect(try await pipeline.ask("/deadletters?reason=unresolved&because=an+experiment", .delete).status == .ok)
      for (id, reason) in [("1", "a typo"), ("2", "an experiment")] {
        let stage = try await pipeline.json("/events/\(id)")["stages"]?.array?.last
        #expect(stage?["state"] == "discarded" && stage?["reason"] == .string(reason), "\(stage ?? .null)")
        #expect(try await pipeline.text("/events/\(id)").contains("\(id).dead1 by admin: \(reason)"))
      }
      #expect(try await pipeline.deadLetters() == ["3.dead1"])
    }
  }

  @Test func saysWhatCouldNotBeReplayed() async throws {
    try await running { pipeline in
      pipeline.disk.inject(.full, atEvery: "pwrite")
      let answer = try await pipeline.ask("/deadletters/replay?all=true", .post)
      #expect(answer.status == .serviceUnavailable)
      let json = try JSONValue(parsing: answer.content)
      #expect(ids(json, "failed").count == 3 && json["count"] == 0 && json["left"] == 3)
      #expect(json["failed"]?[0]?["error"]?.string?.isEmpty == false)
      pipeline.disk.inject(nil, atEvery: "pwrite")
      #expect(try await pipeline.deadLetters().count == 3)
    }
  }
}
