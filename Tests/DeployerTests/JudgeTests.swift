import Clocks
import Configuration
@testable import Deployer
import Events
import Sensors
import Testing

struct JudgeTests {
  private func decision(_ push: Push, rules: String = Documents.rules(), round: Int = 0) throws -> StateRecord.Decision {
    Judge(generation: Documents.generation(rules: rules)).rule(on: try push.event(), round: round, at: Samples.now)
  }

  @Test func makesAJobOfAPushedTag() throws {
    let decision = try decision(Push(id: "1"))
    let job = try #require(decision.jobs.first)
    #expect(decision.jobs.count == 1)
    #expect(job.id == "1.job1")
    #expect(job.target == "Deployment/default/frontend")
    #expect(job.publishTime == Push.published)
    #expect(job.image == decision.image)
    #expect(decision.image?.hasPrefix(Documents.frontend) == true)
    #expect(decision.outcome == nil && decision.deadLetters.isEmpty)
  }

  @Test func namesTheGenerationThatDecided() throws {
    let generation = Documents.generation()
    #expect(try decision(Push(id: "1")).generation == generation.name)
    #expect(!generation.name.isEmpty)
    #expect(Documents.generation(rules: Documents.rules(filter: "[]")).name != generation.name)
  }

  @Test func keepsTheIDsOfRoundsApart() throws {
    #expect(try decision(Push(id: "1"), round: 7).jobs.map(\.id) == ["1.job7.1"])
    #expect(try decision(Push(id: "1", data: "{"), round: 7).deadLetters.map(\.id) == ["1.dead7.1"])
  }

  @Test(arguments: [
    (#"{"action":"DELETE","tag":"us-docker.pkg.dev/acme-prod/apps/my-app-frontend:latest"}"#, "deleted"),
    (
      #"{"action":"INSERT","digest":"us-docker.pkg.dev/acme-prod/apps/my-app-frontend@sha256:\#(String(repeating: "ab", count: 32))"}"#,
      "without a tag"
    ),
    (#"{"action":"RENAME"}"#, "RENAME"), ("", "attributes only"),
    (#"{"action":"INSERT","tag":"us-docker.pkg.dev/a/b/c:sha256-\#(String(repeating: "ab", count: 32)).sig"}"#, "signature"),
  ])
  func ignoresWhatIsNoNewsOfATaggedImage(_ data: String, _ word: String) throws {
    let decision = try decision(Push(id: "1", data: data))
    #expect(decision.outcome == .ignored)
    #expect(decision.reason.contains(word), "\(decision.reason)")
    #expect(decision.jobs.isEmpty && decision.deadLetters.isEmpty)
  }

  @Test func filtersWhatNoRuleWants() throws {
    let rules = Documents.rules(filter: "[{path: $.action, type: string, value: [NEVER]}]")
    let decision = try decision(Push(id: "1"), rules: rules)
    #expect(decision.outcome == .filtered)
    #expect(decision.reason.contains("restarts/restart") && decision.reason.contains("NEVER"), "\(decision.reason)")
    #expect(decision.verdicts.count == 1)
  }

  @Test func saysThatThereAreNoRules() throws {
    let decision = try decision(Push(id: "1"), rules: "")
    #expect(decision.outcome == .filtered)
    #expect(decision.reason == "there are no rules")
  }

  @Test(arguments: ["{", "[1]", "not JSON", #"{"action":"INSERT","tag":"//"}"#])
  func buriesWhatCannotBeRead(_ data: String) throws {
    let decision = try decision(Push(id: "1", data: data))
    #expect(decision.outcome == nil)
    #expect(decision.deadLetters.map(\.reason) == ["poison"])
    #expect(decision.deadLetters.map(\.id) == ["1.dead1"])
    #expect(decision.deadLetters.first?.detail == decision.reason)
  }

  @Test func buriesWhatCannotBeResolved() throws {
    let decision = try decision(Push(id: "1", image: "us-docker.pkg.dev/acme-prod/apps/stranger:latest"))
    #expect(decision.deadLetters.map(\.reason) == ["unresolved"])
    #expect(decision.deadLetters.first?.detail.contains("stranger") == true)
  }

  /// No record of the log could hold it, and an event without a record of its decision would have no outcome.
  @Test func givesUpWhatTheLogCouldNotHold() throws {
    let rules = Documents.rules(copying: "$.note", times: 40)
    func decision(_ bytes: Int, round: Int = 0) throws -> StateRecord.Decision {
      var push = Push(id: "1")
      push.data = push.notification.dropLast() + #","note":"\#(String(repeating: "x", count: bytes))"}"#
      return try self.decision(push, rules: rules, round: round)
    }
    let fitting = try decision(200_000)
    #expect(fitting.jobs.count == 1 && fitting.deadLetters.isEmpty)
    let decision = try decision(220_000, round: 3)
    #expect(decision.jobs.isEmpty && decision.verdicts.isEmpty && decision.outcome == nil)
    #expect(decision.image == fitting.image && decision.generation == fitting.generation)
    let letter = try #require(decision.deadLetters.first)
    #expect(decision.deadLetters.count == 1)
    #expect(letter.id == "1.dead3.1" && letter.reason == "too_large" && letter.job == nil)
    #expect(letter.detail.contains("with 1 restart, takes 88") && letter.detail.contains("8388608"), "\(letter.detail)")
    #expect(letter.detail.contains("Deployment/default/frontend by restarts/restart"), "\(letter.detail)")
    #expect(StateRecord.decision(decision).payload.count < 4096)
  }

  /// Each byte may take six.
  @Test func measuresWhatIsEscaped() throws {
    var push = Push(id: "1")
    push.data = push.notification.dropLast() + #","note":"\#(String(repeating: "\\u0001", count: 40_000))"}"#
    #expect(try decision(push, rules: Documents.rules(copying: "$.note", times: 40)).deadLetters.map(\.reason) == ["too_large"])
    #expect(try decision(push, rules: Documents.rules(copying: "$.note", times: 30)).jobs.count == 1)
  }

  /// A job that fails later leaves a dead letter with its own number.
  @Test func numbersDeadLettersAfterThoseThatItsJobsMayLeave() throws {
    let decision = try decision(Push(id: "1"), rules: Documents.rules(withOtherFrom: "$.missing"))
    #expect(decision.jobs.map(\.id) == ["1.job1"])
    #expect(decision.deadLetters.map(\.id) == ["1.dead2"])
    #expect(decision.deadLetters.map(\.trigger) == [TriggerName(sensor: "restarts", trigger: "other")])
  }

  /// Somebody else than a registry publishes: the rules alone say whether that matters.
  @Test func leavesABodyWithoutActionToTheRules() throws {
    let rules = Documents.rules(filter: "[{path: $.serviceName, type: string, value: [frontend]}]")
    let decision = try decision(Push(id: "1", data: #"{"serviceName":"frontend"}"#), rules: rules)
    #expect(decision.jobs.map(\.target) == ["Deployment/default/frontend"])
    #expect(decision.jobs.first?.image == "")
    #expect(decision.image == nil)
    #expect(try self.decision(Push(id: "1", data: #"{"serviceName":"other"}"#), rules: rules).outcome == .filtered)
  }
}
