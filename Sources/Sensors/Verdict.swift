package import JSON

/// What one trigger of one Sensor says about one event.
package struct Verdict: Hashable, Sendable {
  package enum Outcome: Hashable, Sendable {
    /// The trigger does not want the event.
    case rejected(Rejection)
    /// The trigger wants the event but cannot run for it; the event is a dead letter of this trigger.
    case failed(String)
    /// At least one.
    case fires([Firing])
  }

  package let sensor: String
  package let trigger: String
  package let outcome: Outcome

  /// `RuleSet.generation` of the rules that decided.
  package let generation: String

  package init(sensor: String, trigger: String, outcome: Outcome, generation: String) {
    self.sensor = sensor
    self.trigger = trigger
    self.outcome = outcome
    self.generation = generation
  }

  /// The verdict as `/events/{id}` shows it. What it fires stands there as jobs.
  package var json: JSONValue {
    var object: JSONObject = ["sensor": .string(sensor), "trigger": .string(trigger), "rules": .string(generation)]
    switch outcome {
    case .rejected(let rejection):
      object["verdict"] = "rejected"
      object["reason"] = rejection.json
    case .failed(let reason):
      object["verdict"] = "failed"
      object["reason"] = .object(["message": .string(reason)])
    case .fires: object["verdict"] = "fires"
    }
    return .object(object)
  }
}

extension Rejection {
  fileprivate var json: JSONValue {
    var object: JSONObject = ["clause": .string(clause), "message": .string(description)]
    for (name, text) in [("path", path), ("actual", actual), ("wanted", wanted), ("problem", problem)] {
      if let text { object[name] = .string(text) }
    }
    return .object(object)
  }
}
