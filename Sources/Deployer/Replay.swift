import Clocks
import JSON
import Sensors

/// A trigger by the names that its documents give it; what a decision on an event is made for.
struct TriggerName: Hashable, Sendable, CustomStringConvertible {
  let sensor: String
  let trigger: String

  var description: String { "\(sensor)/\(trigger)" }
}

/// A dead letter whose work is to be done again: its event is decided anew, by the rules and the mapping of then.
struct Replay: Hashable, Sendable {
  /// The id of the letter. What comes of the replay names it.
  let deadLetter: String
  /// nil: every trigger is asked.
  let scope: Scope?
  /// Keeps the ids of its jobs and dead letters apart from those of the event's other decisions: the place of the replay's record in
  /// the event's trail.
  let round: Int

  /// What of an event is decided anew, so that what the other triggers led to is left alone.
  struct Scope: Hashable, Sendable {
    let trigger: TriggerName
    /// The workload that the letter was about; nil where the trigger could not name one.
    let target: String?
    /// The `restartedAt` value that was made durable for that workload before: its patch may have been applied.
    let planned: Timestamp?

    /// Those of the trigger's firings that the letter stands for: its own workload's, or all where that is not among them any more,
    /// because the mapping was mended.
    func narrowed(_ firings: [Firing]) -> [Firing] {
      let own = firings.filter { $0.target == target }
      return own.isEmpty ? firings : own
    }

    func planned(for firing: Firing) -> Timestamp? { firing.target == target ? planned : nil }
  }
}

extension DeadLetter {
  /// What a replay of the letter decides anew. Letters that are about no trigger, such as those of messages that cannot be read, give
  /// nil.
  var scope: Replay.Scope? {
    trigger.map { Replay.Scope(trigger: $0, target: job?.target, planned: job?.planned) }
  }
}

extension TriggerName {
  init(_ firing: Firing) { self.init(sensor: firing.sensor, trigger: firing.trigger) }
  init(_ verdict: Verdict) { self.init(sensor: verdict.sensor, trigger: verdict.trigger) }

  var json: JSONValue { ["sensor": .string(sensor), "trigger": .string(trigger)] }

  /// - Returns: nil for anything that `json` does not write.
  init?(json: JSONValue) {
    guard let sensor = json["sensor"]?.string, let trigger = json["trigger"]?.string else { return nil }
    self.init(sensor: sensor, trigger: trigger)
  }
}

extension Replay.Scope {
  var json: JSONValue {
    var members: [JSONObject.Member] = [("trigger", trigger.json)]
    if let target { members.append(("target", .string(target))) }
    if let planned { members.append(("planned", .string(planned.rfc3339WholeSeconds))) }
    return .object(JSONObject(distinct: members))
  }

  /// - Returns: nil for anything that `json` does not write.
  init?(json: JSONValue) {
    guard let trigger = json["trigger"].flatMap({ TriggerName(json: $0) }) else { return nil }
    self.init(trigger: trigger, target: json["target"]?.string, planned: json["planned"]?.timestamp)
  }
}
