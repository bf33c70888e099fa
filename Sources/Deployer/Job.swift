package import Clocks
package import JSON
package import Sensors

/// One restart that an event calls for.
package struct Job: Sendable {
  /// Unique in one log: the event's id and a number.
  package let id: String
  package let eventID: String
  package let firing: Firing
  /// What at most one job at a time may write to: `Deployment/default/web`.
  package let target: String
  /// When the message was published; nil where the sender did not say. A restart after it has done this job's work.
  package let publishTime: Timestamp?
  /// The image as the registry names it, with its tag.
  package let image: String
  /// When the work began.
  package let startedAt: Timestamp
  /// The `restartedAt` value that an earlier attempt made durable before it sent its patch. Every further attempt uses it.
  package var planned: Timestamp?
  /// The dead letter that the job was made anew for; nil where it comes of the event's first decision.
  package let replayOf: String?

  package init(
    id: String, eventID: String, firing: Firing, publishTime: Timestamp?, image: String, startedAt: Timestamp,
    planned: Timestamp? = nil, replayOf: String? = nil
  ) {
    self.id = id
    self.eventID = eventID
    self.firing = firing
    target = firing.target
    self.publishTime = publishTime
    self.image = image
    self.startedAt = startedAt
    self.planned = planned
    self.replayOf = replayOf
  }

  package var json: JSONValue { .object(JSONObject(distinct: members)) }

  var members: [JSONObject.Member] {
    var members: [JSONObject.Member] = [
      ("id", .string(id)), ("event", .string(eventID)), ("image", .string(image)), ("startedAt", .string(startedAt.rfc3339)),
      ("firing", firing.json),
    ]
    if let publishTime { members.append(("publishTime", .string(publishTime.rfc3339))) }
    if let planned { members.append(("planned", .string(planned.rfc3339WholeSeconds))) }
    if let replayOf { members.append(("replayOf", .string(replayOf))) }
    return members
  }

  /// - Returns: nil for anything that `json` does not write.
  init?(_ members: JSONMembers) {
    guard let id = members.string("id"), let eventID = members.string("event"), let image = members.string("image"),
      let startedAt = members.timestamp("startedAt"), let firing = members.value("firing").flatMap({ try? Firing(json: $0) })
    else { return nil }
    self.init(
      id: id, eventID: eventID, firing: firing, publishTime: members.timestamp("publishTime"), image: image,
      startedAt: startedAt, planned: members.timestamp("planned"), replayOf: members.string("replayOf"))
  }
}

extension Firing {
  /// What it writes to, as jobs and people name it: `Deployment/default/web`.
  var target: String {
    switch action {
    case .restart(let kind, let namespace, let name): "\(kind)/\(namespace)/\(name)"
    }
  }
}
