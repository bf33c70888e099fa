import Clocks
import DurableLog
import JSON

/// What the log holds beside the events themselves. The index is what these records, applied in order, make of it.
enum StateRecord: Sendable {
  /// What the rules said, and the jobs that follow. `outcome` is set where none follow and none failed.
  case decision(Decision)
  /// The value that the patch will carry, made durable before it is sent.
  case planned(job: String, eventID: String, restartedAt: Timestamp, at: Timestamp)
  /// An attempt that failed and will be repeated.
  case attemptFailed(job: String, eventID: String, attempt: Int, error: String, at: Timestamp)
  /// The process ended in an attempt at the job; nil in the decision on the event.
  case crashed(job: String?, eventID: String, at: Timestamp)
  /// A job's end.
  case finished(job: String, eventID: String, Outcome, detail: String, attempts: Int, at: Timestamp)
  case deadLetter(DeadLetter)
  /// A person asked for the dead letter's work to be done again; `job` is the one that does it, nil where the event is decided anew.
  case replayed(deadLetter: String, eventID: String, job: Job?, by: String, at: Timestamp)
  case discarded(deadLetter: String, eventID: String, by: String, at: Timestamp)

  struct Decision: Sendable {
    let eventID: String
    /// The generation of the configuration that decided.
    let generation: String
    let image: String?
    /// What each rule said, as `Verdict.json` writes it.
    let verdicts: [JSONValue]
    let jobs: [Job]
    /// What of the event could not be turned into jobs. In the same record, for between two records the process may end, and an
    /// event that is decided is not decided again.
    let deadLetters: [DeadLetter]
    let outcome: Outcome?
    let reason: String
    let at: Timestamp
  }

  var eventID: String {
    switch self {
    case .decision(let decision): decision.eventID
    case .planned(_, let eventID, _, _), .attemptFailed(_, let eventID, _, _, _), .crashed(_, let eventID, _),
      .finished(_, let eventID, _, _, _, _),
      .replayed(_, let eventID, _, _, _), .discarded(_, let eventID, _, _):
      eventID
    case .deadLetter(let letter): letter.eventID
    }
  }

  var kind: RecordKind {
    switch self {
    case .decision, .planned, .attemptFailed, .crashed, .finished: .job
    case .deadLetter: .dead
    case .replayed, .discarded: .admin
    }
  }
}
