import Clocks
@testable import Deployer
@testable import DurableLog
import JSON
import Sensors

/// Values that tests of the index and of its records share.
enum Samples {
  static let now = Timestamp(seconds: 1_795_478_401)

  static func position(_ number: Int) -> LogPosition {
    guard let position = LogPosition(segment: 1, offset: number * 8) else { preconditionFailure("tests stay in one segment") }
    return position
  }

  static func job(
    _ id: String, of event: String, target: String = "frontend", image: String = Documents.frontend,
    publishTime: Timestamp? = Push.published, planned: Timestamp? = nil, replayOf: String? = nil
  ) -> Job {
    let firing = Firing(
      sensor: "restarts", trigger: "restart", action: .restart(kind: "Deployment", namespace: "default", name: target),
      parameters: [Firing.Parameter(name: "target", value: target)])
    return Job(
      id: id, eventID: event, firing: firing, publishTime: publishTime, image: image, startedAt: now, planned: planned,
      replayOf: replayOf)
  }

  static func decision(
    _ event: String, jobs: [Job] = [], letters: [DeadLetter] = [], outcome: Outcome? = nil, reason: String = "",
    replayOf: String? = nil
  ) -> StateRecord {
    .decision(
      StateRecord.Decision(
        eventID: event, generation: "00000000000000ff", image: Documents.frontend,
        verdicts: [["sensor": "restarts", "trigger": "restart", "verdict": "fires"]], jobs: jobs, deadLetters: letters,
        outcome: outcome, reason: reason, at: now, replayOf: replayOf))
  }

  static func finished(_ job: Job, _ outcome: Outcome = .succeeded) -> StateRecord {
    .finished(job: job.id, eventID: job.eventID, outcome, detail: "done", attempts: 1, at: now)
  }

  static func letter(
    _ id: String, of event: String, job: Job? = nil, reason: String = "forbidden", detail: String = "may not",
    at: Timestamp = now,
    trigger: TriggerName? = nil, replayOf: String? = nil
  ) -> DeadLetter {
    DeadLetter(
      id: id, eventID: event, job: job, reason: reason, detail: detail, attempts: 3, firstAt: at,
      lastAt: at + .seconds(1), trigger: trigger, replayOf: replayOf)
  }

  static func index(history: Int = 100, deadLetters: Int = 100, deadLetterBytes: Int = 64 << 20) -> EventIndex {
    EventIndex(historyLimit: history, deadLettersLimit: deadLetters, deadLetterBytesLimit: deadLetterBytes, knownLimit: 1000)
  }
}

extension EventIndex {
  /// Accepts an event as the log's `number`th record.
  mutating func accept(_ id: String, _ number: Int = 1) {
    accept(id: id, key: nil, source: "gar", receivedAt: Samples.now, at: Samples.position(number))
  }

  @discardableResult
  mutating func apply(_ record: StateRecord) -> Bool { apply(record, at: Samples.position(2)) }

  /// Everything that can be seen of the index, for comparing two.
  var dump: [String] {
    newest(.max, before: nil).map { "\($0), crashes \(crashes(of: nil, event: $0.id))" }
      + jobs.keys.sorted().map { "\($0), crashes \(crashes(of: $0, event: ""))" } + deadLetters.map(\.letter.id)
      + ["backlog \(backlog), undecided \(undecidedCount), forgotten \(forgottenDeadLetters)"]
  }
}
