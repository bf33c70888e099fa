package import Clocks
package import JSON

/// Work that was given up, with all that is needed to understand it and to do it again.
package struct DeadLetter: Sendable {
  /// Unique in one log; the event's id with a number behind it.
  package let id: String
  package let eventID: String
  /// The job that failed; nil where the event itself could not be turned into jobs.
  package let job: Job?
  /// A fixed word that scripts can compare, such as `forbidden` or `unmapped`.
  package let reason: String
  /// What happened, where, and what to do.
  package let detail: String
  /// How often it was tried.
  package let attempts: Int
  package let firstAt: Timestamp
  package let lastAt: Timestamp
  /// The trigger that wanted the event; nil where the letter is about the event as a whole.
  let trigger: TriggerName?
  /// The dead letter whose replay led to this one.
  package let replayOf: String?

  package var json: JSONValue {
    var members: [JSONObject.Member] = [
      ("id", .string(id)), ("event", .string(eventID)), ("reason", .string(reason)), ("detail", .string(detail)),
      ("attempts", .number(JSONNumber(Int64(attempts)))), ("firstAt", .string(firstAt.rfc3339)),
      ("lastAt", .string(lastAt.rfc3339)),
    ]
    if let job { members.append(("job", job.json)) }
    if job == nil, let trigger { members.append(("trigger", trigger.json)) }
    if let replayOf { members.append(("replayOf", .string(replayOf))) }
    return .object(JSONObject(distinct: members))
  }

  /// - Parameter trigger: where there is no job, which names its own.
  init(
    id: String, eventID: String, job: Job?, reason: String, detail: String, attempts: Int, firstAt: Timestamp, lastAt: Timestamp,
    trigger: TriggerName? = nil, replayOf: String? = nil
  ) {
    self.id = id
    self.eventID = eventID
    self.job = job
    self.reason = reason
    self.detail = detail
    self.attempts = attempts
    self.firstAt = firstAt
    self.lastAt = lastAt
    self.trigger = job.map { TriggerName($0.firing) } ?? trigger
    self.replayOf = replayOf
  }

  /// - Returns: nil for anything that `json` does not write.
  init?(_ members: JSONMembers) {
    guard let id = members.string("id"), let eventID = members.string("event"),
      let reason = members.string("reason"), let detail = members.string("detail"), let attempts = members.int("attempts"),
      let firstAt = members.timestamp("firstAt"), let lastAt = members.timestamp("lastAt")
    else { return nil }
    self.init(
      id: id, eventID: eventID, job: members.object("job").flatMap(Job.init), reason: reason, detail: detail, attempts: attempts,
      firstAt: firstAt, lastAt: lastAt, trigger: members.value("trigger").flatMap(TriggerName.init(json:)),
      replayOf: members.string("replayOf"))
  }
}

extension JSONValue {
  /// The instant that an RFC 3339 string names.
  var timestamp: Timestamp? { string.flatMap { Timestamp(rfc3339: $0) } }
}

extension JSONMembers {
  /// The instant that an RFC 3339 string names.
  func timestamp(_ name: StaticString) -> Timestamp? { utf8(name).flatMap { Timestamp(rfc3339: $0) } }
}
