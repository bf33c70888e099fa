import Clocks
import JSON
import Notifications

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
        ("outcome", decision.outcome.map { .string($0.rawValue) }), ("reason", .string(decision.reason)),
        ("replayOf", decision.replayOf.map { .string($0) }))
    case .planned(let job, let eventID, let restartedAt, let at):
      Self.object("planned", eventID, at, ("job", .string(job)), ("restartedAt", .string(restartedAt.rfc3339WholeSeconds)))
    case .attemptFailed(let job, let eventID, let attempt, let error, let at):
      Self.object(
        "attempt-failed", eventID, at, ("job", .string(job)), ("attempt", .number(JSONNumber(Int64(attempt)))),
        ("error", .string(error)))
    case .crashed(let job, let eventID, let at): Self.object("crashed", eventID, at, ("job", job.map { .string($0) }))
    case .finished(let job, let eventID, let outcome, let detail, let attempts, let rollout, let at):
      Self.object(
        "finished", eventID, at, ("job", .string(job)), ("outcome", .string(outcome.rawValue)), ("detail", .string(detail)),
        ("attempts", .number(JSONNumber(Int64(attempts)))), ("rollout", rollout?.json))
    case .rollout(let job, let eventID, let result, let detail, let at):
      Self.object(
        "rollout", eventID, at, ("job", .string(job)), ("result", .string(result.rawValue)), ("detail", .string(detail)))
    case .deadLetter(let letter): Self.object("dead", letter.eventID, letter.lastAt, ("deadLetter", letter.json))
    case .replayed(let letter, let eventID, let job, let scope, let by, let at):
      Self.object(
        "replayed", eventID, at, ("deadLetter", .string(letter)), ("job", job?.json), ("scope", scope?.json), ("by", .string(by)))
    case .discarded(let letter, let eventID, let reason, let by, let at):
      Self.object(
        "discarded", eventID, at, ("deadLetter", .string(letter)), ("reason", reason.map { .string($0) }), ("by", .string(by)))
    case .notified(let receiver, let key, let eventID, let isDelivered, let detail, let at):
      Self.object(
        "notified", eventID, at, ("receiver", .string(receiver)), ("notice", .string(key.kind.rawValue)),
        ("subject", .string(key.subject)), ("delivered", .bool(isDelivered)), ("detail", .string(detail)))
    case .receivers(let subscriptions, let at):
      Self.object("receivers", "", at, ("receivers", .array(subscriptions.map(\.json))))
    }
  }

  private static func members(of payload: [UInt8], _ withVerdicts: Bool) throws(JSONError) -> JSONObject {
    var reader = try JSONReader(payload)
    var members = JSONObject()
    try reader.beginObject()
    while let text = try reader.nextMember() {
      let name = reader.string(text)
      if name == "verdicts", !withVerdicts {
        try reader.skipValue()
      } else {
        // Of a member that is there twice the first counts; `payload` writes none.
        _ = members.appendIfNew(name, try reader.readValue())
      }
    }
    try reader.finish()
    return members
  }

  private static func object(
    _ state: String, _ eventID: String, _ at: Timestamp, _ members: (String, JSONValue?)...
  ) -> JSONValue {
    let head: [JSONObject.Member] = [("state", .string(state)), ("event", .string(eventID)), ("at", .string(at.rfc3339))]
    return .object(JSONObject(distinct: head + members.compactMap { name, value in value.map { (name: name, value: $0) } }))
  }

  /// - Parameter withVerdicts: whether the verdicts of a decision are wanted: they are most of it, and only people look at them.
  /// - Returns: nil for a payload that no version of `payload` writes.
  init?(payload: [UInt8], withVerdicts: Bool = true) {
    guard let members = try? Self.members(of: payload, withVerdicts), let state = members["state"]?.string,
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
          outcome: members["outcome"]?.string.flatMap(Outcome.init(rawValue:)), reason: members["reason"]?.string ?? "", at: at,
          replayOf: members["replayOf"]?.string))
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
        rollout: members["rollout"].flatMap(Rollout.init(json:)), at: at)
    case "rollout":
      guard let job, let result = members["result"]?.string.flatMap(Rollout.Result.init(rawValue:)) else { return nil }
      self = .rollout(job: job, eventID: eventID, result, detail: members["detail"]?.string ?? "", at: at)
    case "dead":
      guard let letter = members["deadLetter"].flatMap(DeadLetter.init(json:)) else { return nil }
      self = .deadLetter(letter)
    case "replayed":
      guard let letter = members["deadLetter"]?.string else { return nil }
      self = .replayed(
        deadLetter: letter, eventID: eventID, job: members["job"].flatMap(Job.init(json:)),
        scope: members["scope"].flatMap(Replay.Scope.init(json:)), by: members["by"]?.string ?? "", at: at)
    case "discarded":
      guard let letter = members["deadLetter"]?.string else { return nil }
      self = .discarded(
        deadLetter: letter, eventID: eventID, reason: members["reason"]?.string, by: members["by"]?.string ?? "", at: at)
    case "notified":
      guard let receiver = members["receiver"]?.string, let subject = members["subject"]?.string,
        let kind = members["notice"]?.string.flatMap(Notice.Kind.init(rawValue:)), let isDelivered = members["delivered"]?.bool
      else { return nil }
      self = .notified(
        receiver: receiver, Notice.Key(kind, subject), eventID: eventID, isDelivered: isDelivered,
        detail: members["detail"]?.string ?? "", at: at)
    case "receivers":
      self = .receivers((members["receivers"]?.array ?? []).compactMap(Subscription.init(json:)), at: at)
    default: return nil
    }
  }
}
