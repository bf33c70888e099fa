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

  private static func object(
    _ state: String, _ eventID: String, _ at: Timestamp, _ members: (String, JSONValue?)...
  ) -> JSONValue {
    let head: [JSONObject.Member] = [("state", .string(state)), ("event", .string(eventID)), ("at", .string(at.rfc3339))]
    return .object(JSONObject(distinct: head + members.compactMap { name, value in value.map { (name: name, value: $0) } }))
  }

  /// - Parameter withVerdicts: whether the verdicts of a decision are wanted: they are most of it, and only people look at them.
  /// - Returns: nil for a payload that no version of `payload` writes.
  init?(payload: [UInt8], withVerdicts: Bool = true) {
    guard let members = try? JSONMembers(parsing: payload), let state = members.string("state"),
      let eventID = members.string("event"), let at = members.timestamp("at")
    else { return nil }
    let job = members.string("job")
    switch state {
    case "decided":
      self = .decision(
        Decision(
          eventID: eventID, generation: members.string("generation") ?? "", image: members.string("image"),
          verdicts: withVerdicts ? members.value("verdicts")?.array ?? [] : [],
          jobs: members.objects("jobs").compactMap(Job.init),
          deadLetters: members.objects("deadLetters").compactMap(DeadLetter.init),
          outcome: members.string("outcome").flatMap(Outcome.init(rawValue:)), reason: members.string("reason") ?? "", at: at,
          replayOf: members.string("replayOf")))
    case "planned":
      guard let job, let restartedAt = members.timestamp("restartedAt") else { return nil }
      self = .planned(job: job, eventID: eventID, restartedAt: restartedAt, at: at)
    case "attempt-failed":
      guard let job, let attempt = members.int("attempt") else { return nil }
      self = .attemptFailed(job: job, eventID: eventID, attempt: attempt, error: members.string("error") ?? "", at: at)
    case "crashed": self = .crashed(job: job, eventID: eventID, at: at)
    case "finished":
      guard let job, let outcome = members.string("outcome").flatMap(Outcome.init(rawValue:)) else { return nil }
      self = .finished(
        job: job, eventID: eventID, outcome, detail: members.string("detail") ?? "", attempts: members.int("attempts") ?? 0,
        rollout: members.value("rollout").flatMap(Rollout.init(json:)), at: at)
    case "rollout":
      guard let job, let result = members.string("result").flatMap(Rollout.Result.init(rawValue:)) else { return nil }
      self = .rollout(job: job, eventID: eventID, result, detail: members.string("detail") ?? "", at: at)
    case "dead":
      guard let letter = members.object("deadLetter").flatMap(DeadLetter.init) else { return nil }
      self = .deadLetter(letter)
    case "replayed":
      guard let letter = members.string("deadLetter") else { return nil }
      self = .replayed(
        deadLetter: letter, eventID: eventID, job: members.object("job").flatMap(Job.init),
        scope: members.value("scope").flatMap(Replay.Scope.init(json:)), by: members.string("by") ?? "", at: at)
    case "discarded":
      guard let letter = members.string("deadLetter") else { return nil }
      self = .discarded(
        deadLetter: letter, eventID: eventID, reason: members.string("reason"), by: members.string("by") ?? "", at: at)
    case "notified":
      guard let receiver = members.string("receiver"), let subject = members.string("subject"),
        let kind = members.string("notice").flatMap(Notice.Kind.init(rawValue:)), let isDelivered = members.bool("delivered")
      else { return nil }
      self = .notified(
        receiver: receiver, Notice.Key(kind, subject), eventID: eventID, isDelivered: isDelivered,
        detail: members.string("detail") ?? "", at: at)
    case "receivers":
      self = .receivers((members.value("receivers")?.array ?? []).compactMap(Subscription.init(json:)), at: at)
    default: return nil
    }
  }
}
