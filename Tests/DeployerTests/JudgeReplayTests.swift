import Clocks
import Configuration
@testable import Deployer
import Events
import JSON
import Sensors
import Testing

/// A replay decides anew what its letter is about, by the rules and the mapping of then, and nothing silently.
struct JudgeReplayTests {
  private static let restart = TriggerName(sensor: "restarts", trigger: "restart")
  private static let target = "Deployment/default/frontend"

  private func decision(
    _ push: Push = Push(id: "1"), rules: String = Documents.rules(), mapping: String = Documents.mapping,
    _ scope: Replay.Scope? = Replay.Scope(trigger: restart, target: target, planned: nil)
  ) throws -> StateRecord.Decision {
    let replay = Replay(deadLetter: "1.dead1", scope: scope, round: 4)
    return Judge(generation: Documents.generation(rules: rules, mapping: mapping)).rule(
      on: try push.event(), round: replay.round, at: Samples.now, for: replay)
  }

  @Test func namesTheLetterThatItComesFrom() throws {
    let decision = try decision()
    #expect(decision.replayOf == "1.dead1")
    #expect(decision.jobs.map(\.id) == ["1.job4.1"])
    #expect(decision.jobs.map(\.replayOf) == ["1.dead1"])
    let again = try self.decision(mapping: "")
    #expect(again.deadLetters.map(\.id) == ["1.dead4.1"])
    #expect(again.deadLetters.map(\.replayOf) == ["1.dead1"])
    #expect(again.deadLetters.map(\.trigger) == [Self.restart])
  }

  @Test func leavesTheOtherTriggersAlone() throws {
    let rules = try Documents.rules(withOtherFrom: "$.serviceName")
    #expect(try decision(rules: rules).verdicts.map { $0["trigger"] } == ["restart"])
    #expect(try decision(rules: rules).jobs.map(\.firing.trigger) == ["restart"])
    #expect(try decision(rules: rules, nil).jobs.count == 2, "a letter about the whole event asks all")
  }

  /// The mapping that names two workloads of an image, one of which failed.
  @Test func doesOnlyTheLettersOwnWorkloadAgain() throws {
    let mapping = Documents.mapping.replacing(
      "{deploymentName: frontend, namespace: default}", with: "[{deploymentName: frontend}, {deploymentName: other}]")
    #expect(try decision(mapping: mapping).jobs.map(\.target) == [Self.target])
  }

  @Test func goesWhereTheMendedMappingLeads() throws {
    let mapping = Documents.mapping.replacing("deploymentName: frontend", with: "deploymentName: frontend-v2")
    let scope = Replay.Scope(trigger: Self.restart, target: Self.target, planned: Samples.now)
    let decision = try decision(mapping: mapping, scope)
    #expect(decision.jobs.map(\.target) == ["Deployment/default/frontend-v2"])
    #expect(decision.jobs.map(\.planned) == [nil], "what was planned was for another Deployment")
  }

  /// The patch may have been applied, and its answer lost.
  @Test func keepsThePlannedValueOfTheSameWorkload() throws {
    let scope = Replay.Scope(trigger: Self.restart, target: Self.target, planned: Samples.now)
    #expect(try decision(Push(id: "1"), scope).jobs.map(\.planned) == [Samples.now])
  }

  @Test func endsAsFilteredWhereAFilterRefusesItNow() throws {
    let decision = try self.decision(rules: Documents.rules(filter: "[{path: $.action, type: string, value: [NEVER]}]"))
    #expect(decision.outcome == .filtered)
    #expect(decision.reason.contains("restarts/restart: data filter"), "\(decision.reason)")
    #expect(decision.deadLetters.isEmpty)
  }

  /// A rule that is broken while somebody replays must not make letters vanish.
  @Test(arguments: [
    ("name: restart\n", "name: renamed\n", "there is no such trigger"),
    ("WorkflowTemplate, name: restart-template", "WorkflowTemplate, name: none", "not active"),
    ("eventName: images", "eventName: others", "has no event"),
  ])
  func isADeadLetterAgainWhereItsTriggerCannotBeAsked(_ text: String, _ other: String, _ word: String) throws {
    let rules = Documents.rules().replacing(text, with: other)
    #expect(rules != Documents.rules())
    let decision = try decision(rules: rules)
    let letter = try #require(decision.deadLetters.first)
    #expect(decision.outcome == nil && decision.jobs.isEmpty)
    #expect(letter.reason == "inactive" && letter.detail.contains(word), "\(letter.detail)")
    #expect(letter.trigger == Self.restart && letter.replayOf == "1.dead1")
  }

  @Test func buriesAgainWhatCannotBeRead() throws {
    let decision = try decision(Push(id: "1", data: "{"), nil)
    #expect(decision.deadLetters.map(\.reason) == ["poison"])
    #expect(decision.deadLetters.map(\.replayOf) == ["1.dead1"])
  }
}
