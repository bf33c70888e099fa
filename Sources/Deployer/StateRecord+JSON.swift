import Clocks
import JSON

/// The payload of a state record: a JSON object whose member `state` names the case. Readers skip members they do not know.
extension StateRecord {
  var payload: [UInt8] { json.serialized() }

  /// The record as `/events/{id}` shows it.
  var json: JSONValue {
    switch self {
    case .decision(let decision):
      Self.object(
        "decided", decision.eventID, decision.at,
        ("generation", .string(decision.generation)), ("image", decision.image.map { .string($0) }),
        ("verdicts", .array(decision.verdicts)), ("jobs", .array(decision.jobs.map(\.json))),
        ("deadLetters", decision.deadLetters.isEmpty ? nil : .array(decision.deadLetters.map(\.json))),
        ("outcome", decision.outcome.map { .string($0.rawValue) }), ("reason", .string(decision.reason)))
    case .planned(let job, let eventID, let restartedAt, let at):
      Self.object("planned", eventID, at, ("job", .string(job)), ("restartedAt", .string(restartedAt.rfc3339WholeSeconds)))
    case .attemptFailed(let job, let eventID, let attempt, let error, let at):
      Self.object(
        "attempt-failed", eventID, at, ("job", .string(job)), ("attempt", .number(JSONNumber(Int64(attempt)))),
        ("error", .string(error)))
    case .crashed(let job, let eventID, let at): Self.object("crashed", eventID, at, ("job", job.map { .string($0) }))
    case .finished(let job, let eventID, let outcome, let detail, let attempts, let at):
      Self.object(
        "finished", eventID, at, ("job", .string(job)), ("outcome", .string(outcome.rawValue)), ("detail", .string(detail)),
        ("attempts", .number(JSONNumber(Int64(attempts)))))
    case .deadLetter(let letter): Self.object("dead", letter.eventID, letter.lastAt, ("deadLetter", letter.json))
    case .replayed(let letter, let eventID, let job, let by, let at):
      Self.object(
        "replayed", eventID, at, ("deadLetter", .string(letter)), ("job", job?.json), ("by", .string(by)))
    case .discarded(let letter, let eventID, let by, let at):
      Self.object("discarded", eventID, at, ("deadLetter", .string(letter)), ("by", .string(by)))
    }
  }

  private static func object(
    _ state: String, _ eventID: String, _ at: Timestamp, _ members: (String, JSONValue?)...
  ) -> JSONValue {
    let head: [JSONObject.Member] = [("state", .string(state)), ("event", .string(eventID)), ("at", .string(at.rfc3339))]
    return .object(JSONObject(distinct: head + members.compactMap { name, value in value.map { (name: name, value: $0) } }))
  }

  /// - Returns: nil for a payload that no version of `payload` writes.
  init?(payload: [UInt8]) {
    guard let json = try? JSONValue(parsing: payload), let members = json.object, let state = members["state"]?.string,
      let eventID = members["event"]?.string, let at = members["at"]?.timestamp
    else { return nil }
    let job = members["job"]?.string
    switch state {
    case "decided":
      self = .decision(
        Decision(
          eventID: eventID, generation: members["generation"]?.string ?? "", image: members["image"]?.string,
          verdicts: members["verdicts"]?.array ?? [], jobs: (members["jobs"]?.array ?? []).compactMap(Job.init(json:)),
          deadLetters: (members["deadLetters"]?.array ?? []).compactMap(DeadLetter.init(json:)),
          outcome: members["outcome"]?.string.flatMap(Outcome.init(rawValue:)), reason: members["reason"]?.string ?? "", at: at))
    case "planned":
      guard let job, let restartedAt = members["restartedAt"]?.timestamp else { return nil }
      self = .planned(job: job, eventID: eventID, restartedAt: restartedAt, at: at)
    case "attempt-failed":
      guard let job, let attempt = members["attempt"]?.int else { return nil }
      self = .attemptFailed(job: job, eventID: eventID, attempt: attempt, error: members["error"]?.string ?? "", at: at)
    case "crashed": self = .crashed(job: job, eventID: eventID, at: at)
    case "finished":
      guard let job, let outcome = members["outcome"]?.string.flatMap(Outcome.init(rawValue:)) else { return nil }
      self = .finished(
        job: job, eventID: eventID, outcome, detail: members["detail"]?.string ?? "", attempts: members["attempts"]?.int ?? 0,
        at: at)
    case "dead":
      guard let letter = members["deadLetter"].flatMap(DeadLetter.init(json:)) else { return nil }
      self = .deadLetter(letter)
    case "replayed":
      guard let letter = members["deadLetter"]?.string else { return nil }
      self = .replayed(
        deadLetter: letter, eventID: eventID, job: members["job"].flatMap(Job.init(json:)), by: members["by"]?.string ?? "",
        at: at)
    case "discarded":
      guard let letter = members["deadLetter"]?.string else { return nil }
      self = .discarded(deadLetter: letter, eventID: eventID, by: members["by"]?.string ?? "", at: at)
    default: return nil
    }
  }
}
