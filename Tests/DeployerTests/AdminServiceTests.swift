import Clocks
import Configuration
@testable import Deployer
import HTTP
import HTTPClient
import JSON
import Testing
import TestSupport

@Suite(.timeLimit(.minutes(5))) struct AdminServiceTests {
  @Test(
    arguments: [
      ("application/json", "Mozilla/5.0", true), ("text/plain", "Mozilla/5.0", false), (nil, "curl/8.5.0", false),
      ("*/*", "curl/8.5.0", false), ("*/*", "Mozilla/5.0", true), (nil, nil, true), ("application/json", "curl/8.5.0", true),
      ("application/json, text/plain, */*", "axios/1.7", true),
    ] as [(String?, String?, Bool)])
  func answersInTheFormThatIsAccepted(_ accept: String?, _ agent: String?, _ isJSON: Bool) async throws {
    let pipeline = try Pipeline()
    var fields: [(name: FieldName, value: String)] = []
    if let accept { fields.append((.accept, accept)) }
    if let agent { fields.append((.userAgent, agent)) }
    let answer = try await pipeline.ask("/events", fields: fields)
    #expect(answer.status == .ok)
    #expect(answer.fields[.contentType]?.hasPrefix(isJSON ? "application/json" : "text/plain") == true)
    #expect(String(decoding: answer.content, as: UTF8.self).hasPrefix(isJSON ? "{" : "RECEIVED"))
  }

  @Test func pagesThroughFilteredEvents() async throws {
    let pipeline = try Pipeline { $0.acknowledgeCompleted() }
    try await pipeline.running {
      for number in 1...5 {
        let data = number % 2 == 0 ? #"{"action":"DELETE"}"# : "{"
        try await pipeline.accept(Push(id: "\(number)", data: data))
      }
      var target: String? = "/events?outcome=dead&limit=1&source=gar"
      var ids: [JSONValue?] = []
      while let page = target, ids.count < 10 {
        let answer = try await pipeline.json(page)
        ids += answer["events"]?.array?.map { $0["id"] } ?? []
        target = answer["next"]?.string
      }
      #expect(ids == ["5", "3", "1"])
      #expect(try await pipeline.text("/events?limit=2").contains("more: /events?limit=2&before="))
      #expect(try await pipeline.json("/events?source=other")["events"] == [])
      for query in ["limit=0", "limit=1001", "before=x", "outcome=restarted", "image=", "color=red", "source=a&source=b"] {
        #expect(try await pipeline.ask("/events?\(query)").status == .badRequest, "\(query)")
      }
      #expect(try await pipeline.json("/events?before=-9223372036854775808")["events"] == [])
    }
  }

  @Test func findsDeadLettersByReasonAndImage() async throws {
    let pipeline = try Pipeline { $0.acknowledgeCompleted() }
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1", image: Documents.backend))
      try await pipeline.accept(Push(id: "2", data: "{"))
      for (query, ids) in [
        ("", ["2", "1"]), ("?reason=poison", ["2"]), ("?image=my-app-backend%3Alatest", ["1"]), ("?reason=x", []),
      ] {
        let letters = try await pipeline.json("/deadletters\(query)")["deadLetters"]?.array ?? []
        #expect(letters.map { $0["event"]?.string } == ids, "\(query)")
      }
      #expect(
        try await pipeline.text("/deadletters?reason=not-found")
          == "no such dead letters; the reasons of the 2 there are: namespace, poison\n")
      #expect(try await pipeline.text("/deadletters/2.dead1").contains("reason      poison: "))
    }
  }

  @Test(arguments: [
    ("/", HTTPMethod.get, 200), ("/jobs", .get, 200), ("/rules", .get, 200), ("/events/none", .get, 404),
    ("/deadletters/none", .get, 404), ("/deadletters/none", .delete, 404), ("/deadletters/none/replay", .post, 404),
    ("/none", .get, 404), ("/events/1/2", .get, 404), ("/events", .post, 405), ("/deadletters/none", .put, 405),
    ("/deadletters/none/replay", .get, 405), ("/jobs", .delete, 405),
  ])
  func answersByPathAndMethod(_ target: String, _ method: HTTPMethod, _ status: Int) async throws {
    let answer = try await Pipeline().ask(target, method)
    #expect(answer.status.rawValue == status)
    #expect((answer.fields[.allow] != nil) == (status == 405))
  }

  @Test func asksForTheTokenBeforeItSaysAnything() async throws {
    let token = String(repeating: "t", count: 32)
    let pipeline = try Pipeline(adminRule: .token(AdminToken(Array(token.utf8))))
    for field in [nil, "Bearer", "Bearer ", "Bearer \(token)t", "Basic \(token)", token] {
      let fields = field.map { [(name: FieldName.authorization, value: $0)] } ?? []
      #expect(try await pipeline.ask("/none", fields: fields).status == .unauthorized, "\(field ?? "nothing")")
    }
    #expect(try await pipeline.ask("/events", fields: [(.authorization, "bearer \(token)")]).status == .ok)
  }

  @Test func aTokenThatIsReplacedOpensNoMore() async throws {
    let tokens = ["a", "b"].map { String(repeating: $0, count: 32) }
    let token = AdminToken(Array(tokens[0].utf8))
    let pipeline = try Pipeline(adminRule: .token(token))
    token.replace(by: Array(tokens[1].utf8))
    #expect(try await pipeline.ask("/events", fields: [(.authorization, "Bearer \(tokens[0])")]).status == .unauthorized)
    #expect(try await pipeline.ask("/events", fields: [(.authorization, "Bearer \(tokens[1])")]).status == .ok)
  }

  @Test func whoGuessesIsToldToWaitAndLocksNobodyOut() async throws {
    let token = String(repeating: "t", count: 32)
    let clock = ManualWallClock()
    let pipeline = try Pipeline(clock: clock, adminRule: .token(AdminToken(Array(token.utf8))))
    for _ in 0..<10 { #expect(try await pipeline.ask("/events").status == .unauthorized) }
    #expect(try await pipeline.ask("/events").status == .tooManyRequests)
    #expect(try await pipeline.ask("/events", fields: [(.authorization, "Bearer \(token)")]).status == .ok)
    clock.advance(by: .seconds(1))
    #expect(try await pipeline.ask("/events").status == .unauthorized)
  }

  @Test(
    arguments: [
      ("localhost:8081", nil, true), ("127.0.0.1", nil, true), ("[::1]:8081", nil, true),
      ("localhost:8081", "http://localhost:8081", true),
      ("evil.example", nil, false), ("localhost.evil.example", nil, false), ("127.0.0.1.evil.example", nil, false),
      ("localhost:8081", "http://evil.example", false), ("localhost:8081", "http://localhost:3000", false),
      ("localhost:8081", "null", false), ("[::2]", nil, false),
    ] as [(String, String?, Bool)])
  func withoutATokenRefusesWhatAPageFromElsewhereMakesABrowserSend(_ host: String, _ origin: String?, _ isAdmitted: Bool) {
    var fields = HTTPFields([(.host, host)])
    if let origin { fields.append(.origin, origin) }
    let request = HTTPRequest(method: .delete, target: "/deadletters/1", fields: fields)
    #expect((AdminGate(.loopback).judge(request) == .admitted) == isAdmitted)
  }

  // MARK: Replay

  @Test func replaysAJobOnce() async throws {
    let pipeline = try Pipeline { $0.acknowledgeCompleted() }
    for _ in 1...3 { pipeline.api.script(.get, .refuse(403, reason: "Forbidden")) }
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1"))
      #expect(try await pipeline.ask("/deadletters/1.dead1/replay", .post).status == .accepted)
      #expect(try await pipeline.ask("/deadletters/1.dead1/replay", .post).status == .notFound)
      try await pipeline.accept(Push(id: "1"))
      #expect(try await pipeline.json("/events/1")["outcome"] == "succeeded")
      let tries = [String](repeating: "attempt-failed", count: 3)
      #expect(
        try await pipeline.stages("1")
          == ["received", "decided"] + tries + ["dead", "replayed", "decided", "planned", "finished"])
      #expect(pipeline.api.count(of: .patch) == 1)
    }
  }

  @Test func decidesAnEventAnewThatLedToNoJob() async throws {
    let pipeline = try Pipeline { $0.acknowledgeCompleted() }
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1", image: "us-docker.pkg.dev/acme-prod/apps/stranger:latest"))
      #expect(try await pipeline.deadLetters() == ["1.dead1"])
      #expect(try await pipeline.ask("/deadletters/1.dead1/replay", .post).status == .accepted)
      await pipeline.lines.reach(2, "dead letter", "reason=unresolved")
      try await pipeline.accept(Push(id: "1"))
      #expect(try await pipeline.stages("1") == ["received", "decided", "replayed", "decided"])
      #expect(try await pipeline.deadLetters().count == 1)
      #expect(try await pipeline.deadLetters() != ["1.dead1"])
    }
  }

  /// The publisher's own words are left alone in the ids that are made from them.
  @Test func keepsIDsOfDeadLettersApart() async throws {
    let pipeline = try Pipeline { $0.acknowledgeCompleted() }
    try await pipeline.running {
      for id in ["a.job1", "a.dead1"] { try await pipeline.accept(Push(id: id, image: Documents.backend)) }
      #expect(try await pipeline.deadLetters() == ["a.dead1.dead1", "a.job1.dead1"])
    }
  }

  /// Replays can be asked for again; what else people ask must not wait for room.
  @Test func refusesAReplayWhileTheDiskIsFull() async throws {
    let pipeline = try Pipeline { $0.acknowledgeCompleted() }
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1", data: "{"))
      pipeline.disk.inject(.full, atEvery: "pwrite")
      #expect(try await pipeline.ask("/deadletters/1.dead1/replay", .post).status == .serviceUnavailable)
      #expect(try await pipeline.ask("/deadletters/1.dead1", .delete).status == .serviceUnavailable)
      #expect(try await pipeline.deadLetters() == ["1.dead1"])
      pipeline.disk.inject(nil, atEvery: "pwrite")
      #expect(try await pipeline.ask("/deadletters/1.dead1", .delete).status == .ok)
      #expect(try await pipeline.deadLetters() == [])
    }
  }

  // MARK: Text

  @Test func showsNoControlCharactersOfAPublisher() async throws {
    let pipeline = try Pipeline { $0.acknowledgeCompleted() }
    let evil = "\\u001b]0;owned\\u0007\\u009b31m\\u202e\\u2028\\r"
    try await pipeline.running {
      try await pipeline.accept(Push(id: "1", data: #"{"action":"\#(evil)"}"#))
      try await pipeline.accept(Push(id: "2", data: #"{"action":"INSERT","tag":"\#(evil)"}"#))
      try await pipeline.accept(Push(id: "3", image: "us-docker.pkg.dev/acme-prod/apps/stranger:latest"))
      for target in ["/events", "/events/1", "/events/2", "/deadletters", "/deadletters/2.dead1", "/events/%1b[31m"] {
        let unseen = try await pipeline.text(target).unicodeScalars.filter { scalar in
          switch scalar.properties.generalCategory {
          case .control, .format, .lineSeparator, .paragraphSeparator: scalar != "\n"
          default: false
          }
        }
        #expect(unseen.isEmpty, "\(target)")
      }
    }
  }

  @Test func alignsTheColumnsOfATable() {
    var table = TextTable("ID", "REASON")
    table.add("1", "a\tb")
    table.add("long", "c\u{1b}[0m")
    #expect(table.text == "ID    REASON\n1     a?b\nlong  c?[0m\n")
  }
}
