package import JSON

extension Firing {
  /// The firing as it is journaled.
  package var json: JSONValue {
    let parameters = parameters.map { JSONValue.object(["name": .string($0.name), "value": .string($0.value)]) }
    var object: JSONObject = [
      "sensor": .string(sensor), "trigger": .string(trigger), "action": action.json, "parameters": .array(parameters),
    ]
    object["rateLimit"] = rateLimit?.json
    return .object(object)
  }

  /// Reads what `json` wrote. Members it does not know are ignored, and so is a rate of a later version: the work counts for more.
  /// - Throws: `.firing` with the member that is missing or wrong.
  package init(json: JSONValue) throws(RuleError) {
    guard let action = json["action"] else { throw .firing("it has no \"action\"") }
    self.init(
      sensor: try json.text("sensor"), trigger: try json.text("trigger"), action: try Action(json: action),
      parameters: try json.parameters(), rateLimit: json["rateLimit"].flatMap(RateLimit.init(json:)))
  }
}

extension Firing.Action {
  fileprivate var json: JSONValue {
    switch self {
    case .restart(let kind, let namespace, let name):
      .object(["restart": .object(["kind": .string(kind), "namespace": .string(namespace), "name": .string(name)])])
    }
  }

  fileprivate init(json: JSONValue) throws(RuleError) {
    guard let restart = json["restart"] else { throw .firing("its action is not one this version knows") }
    self = .restart(
      kind: try restart.text("kind"), namespace: try restart.text("namespace"), name: try restart.text("name"))
  }
}

extension JSONValue {
  fileprivate func text(_ member: String) throws(RuleError) -> String {
    guard let text = self[member]?.string else { throw .firing("\"\(member)\" is missing or no string") }
    return text
  }

  fileprivate func parameters() throws(RuleError) -> [Firing.Parameter] {
    guard let list = self["parameters"]?.array else { throw .firing("\"parameters\" is missing or no list") }
    var parameters: [Firing.Parameter] = []
    for element in list { parameters.append(Firing.Parameter(name: try element.text("name"), value: try element.text("value"))) }
    return parameters
  }
}
