import Clocks
import DurableLog
import JSON
import Notifications

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
  /// - Parameter rollout: what is to be watched from now on.
  case finished(
    job: String, eventID: String, Outcome, detail: String, attempts: Int, rollout: Rollout? = nil, at: Timestamp)
  /// The end of a rollout that was watched.
  case rollout(job: String, eventID: String, Rollout.Result, detail: String, at: Timestamp)
  case deadLetter(DeadLetter)
  /// A person asked for the dead letter's work to be done again, by a new decision on what `scope` names; nil for all of the event.
  /// `job` is in records of earlier versions, which did a job again as it was.
  case replayed(deadLetter: String, eventID: String, job: Job?, scope: Replay.Scope? = nil, by: String, at: Timestamp)
  /// - Parameter reason: why, in the person's words.
  case discarded(deadLetter: String, eventID: String, reason: String? = nil, by: String, at: Timestamp)

  /// A notice was sent to a receiver, or given up.
  case notified(receiver: String, Notice.Key, eventID: String, isDelivered: Bool, detail: String, at: Timestamp)
  /// From now on these want notices. It is about no event, and its `eventID` is empty.
  case receivers([Subscription], at: Timestamp)

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
    /// The dead letter whose replay this decides; nil for the first decision on an event.
    var replayOf: String? = nil
  }

  var eventID: String {
    switch self {
    case .decision(let decision): decision.eventID
    case .planned(_, let eventID, _, _), .attemptFailed(_, let eventID, _, _, _), .crashed(_, let eventID, _),
      .finished(_, let eventID, _, _, _, _, _), .rollout(_, let eventID, _, _, _),
      .replayed(_, let eventID, _, _, _, _), .discarded(_, let eventID, _, _, _),
      .notified(_, _, let eventID, _, _, _):
      eventID
    case .deadLetter(let letter): letter.eventID
    case .receivers: ""
    }
  }

  /// The job whose attempt or end this is.
  var jobID: String? {
    switch self {
    case .planned(let job, _, _, _), .attemptFailed(let job, _, _, _, _), .finished(let job, _, _, _, _, _, _): job
    case .deadLetter(let letter): letter.job?.id
    case .decision, .crashed, .rollout, .replayed, .discarded, .notified, .receivers: nil
    }
  }

  var kind: RecordKind {
    switch self {
    case .decision, .planned, .attemptFailed, .crashed, .finished, .rollout, .notified: .job
    case .deadLetter: .dead
    case .replayed, .discarded: .admin
    case .receivers: .config
    }
  }
}
