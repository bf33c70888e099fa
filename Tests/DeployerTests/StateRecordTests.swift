import Clocks
@testable import Deployer
import DurableLog
import JSON
import Notifications
import Testing

struct StateRecordTests {
  static let job = Samples.job("1.job1", of: "1", planned: Samples.now)
  static let records: [StateRecord] = [
    .notified(
      receiver: "ops", Notice.Key(.recovered, "1.job1"), eventID: "1", isDelivered: true, detail: "HTTP 200 OK", at: Samples.now),
    .notified(receiver: "ops", Notice.Key(.dead, "1.dead1"), eventID: "1", isDelivered: false, detail: "", at: Samples.now),
    Samples.decision("1", jobs: [job]),
    Samples.decision("1", letters: [Samples.letter("1.dead1", of: "1")]),
    Samples.decision("1", outcome: .filtered, reason: "no \"rule\"\n"),
    .planned(job: "1.job1", eventID: "1", restartedAt: Samples.now, at: Samples.now),
    .attemptFailed(job: "1.job1", eventID: "1", attempt: 2, error: "503", at: Samples.now),
    .crashed(job: "1.job1", eventID: "1", at: Samples.now),
    .crashed(job: nil, eventID: "1", at: Samples.now),
    .finished(job: "1.job1", eventID: "1", .superseded, detail: "by another", attempts: 3, at: Samples.now),
    .finished(
      job: "1.job1", eventID: "1", .succeeded, detail: "", attempts: 1,
      rollout: Rollout(generation: .max, restartedAt: Samples.now), at: Samples.now),
    .finished(
      job: "1.job1", eventID: "1", .succeeded, detail: "", attempts: 1,
      rollout: Rollout(generation: nil, restartedAt: Samples.now),
      at: Samples.now),
    .rollout(job: "1.job1", eventID: "1", .failed, detail: "no progress", at: Samples.now),
    .deadLetter(Samples.letter("1.dead1", of: "1", job: job)),
    .deadLetter(Samples.letter("1.dead1", of: "1")),
    .replayed(deadLetter: "1.dead1", eventID: "1", job: job, by: "admin", at: Samples.now),
    .replayed(deadLetter: "1.dead1", eventID: "1", job: nil, by: "admin", at: Samples.now),
    .replayed(
      deadLetter: "1.dead1", eventID: "1", job: nil,
      scope: Replay.Scope(trigger: TriggerName(job.firing), target: job.target, planned: Samples.now), by: "admin",
      at: Samples.now),
    .replayed(
      deadLetter: "1.dead1", eventID: "1", job: nil,
      scope: Replay.Scope(trigger: TriggerName(job.firing), target: nil, planned: nil), by: "admin", at: Samples.now),
    Samples.decision("1", letters: [Samples.letter("1.dead2.1", of: "1", replayOf: "1.dead1")], replayOf: "1.dead1"),
    .discarded(deadLetter: "1.dead1", eventID: "1", by: "admin", at: Samples.now),
    .discarded(deadLetter: "1.dead1", eventID: "1", reason: "a typo", by: "admin", at: Samples.now),
  ]

  @Test(arguments: records.indices) func isReadAsItWasWritten(_ index: Int) throws {
    let record = Self.records[index]
    let read = try #require(StateRecord(payload: record.payload))
    #expect("\(read)" == "\(record)")
    #expect(read.kind == record.kind)
    #expect(read.eventID == "1")
  }

  @Test(arguments: records.indices) func isReadPastMembersOfALaterVersion(_ index: Int) throws {
    let record = Self.records[index]
    guard case .object(var members) = record.json else { return }
    members["later"] = ["deep": [1, 2]]
    #expect(StateRecord(payload: JSONValue.object(members).serialized()).map { "\($0)" } == "\(record)")
  }

  /// Earlier versions knew no reason of a discard, no scope of a replay, and no lineage.
  @Test func readsRecordsOfEarlierVersions() throws {
    let at = #""at":"2026-11-24T00:00:00Z","event":"1""#
    func read(_ members: String) throws -> StateRecord { try #require(StateRecord(payload: Array("{\(at),\(members)}".utf8))) }
    guard
      case .discarded("1.dead1", "1", nil, "admin", _) = try read(#""state":"discarded","deadLetter":"1.dead1","by":"admin""#),
      case .replayed("1.dead1", "1", nil, nil, "admin", _) = try read(#""state":"replayed","deadLetter":"1.dead1","by":"admin""#),
      case .decision(let decision) = try read(#""state":"decided","generation":"a","verdicts":[],"jobs":[],"reason":"""#)
    else { return #expect(Bool(false), "read as something else") }
    #expect(decision.replayOf == nil)
  }

  @Test func receiversAreReadAsTheyWereWritten() throws {
    let record = StateRecord.receivers(
      [
        Subscription(receiver: "a", kind: .dead, since: Samples.now),
        Subscription(receiver: "b", kind: .recovered, since: Samples.now),
      ], at: Samples.now)
    #expect(StateRecord(payload: record.payload).map { "\($0)" } == "\(record)")
    #expect(record.kind == .config && record.eventID == "")
  }

  @Test(arguments: Outcome.allCases) func keepsEachOutcome(_ outcome: Outcome) throws {
    let record = Samples.finished(Self.job, outcome)
    #expect(StateRecord(payload: record.payload).map { "\($0)" } == "\(record)")
  }

  @Test(arguments: [
    "", "[]", "{", "null", #"{"state":"decided"}"#, #"{"state":"rested","event":"1","at":"2026-11-24T00:00:00Z"}"#,
    #"{"state":"decided","event":"1","at":"today"}"#, #"{"state":"planned","event":"1","at":"2026-11-24T00:00:00Z"}"#,
    #"{"state":"finished","event":"1","job":"1.job1","outcome":"flown","at":"2026-11-24T00:00:00Z"}"#,
    #"{"state":"dead","event":"1","at":"2026-11-24T00:00:00Z","deadLetter":{}}"#,
  ])
  func isNilForWhatNoVersionWrites(_ text: String) {
    #expect(StateRecord(payload: Array(text.utf8)) == nil)
  }
}
