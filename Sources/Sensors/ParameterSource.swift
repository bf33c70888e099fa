import JSON

/// `parameters[].src`: where the text of one parameter comes from.
struct ParameterSource: Sendable {
  let dependency: String
  var dataKey: ValuePath?
  var contextKey: String?

  /// The default, used when the key leads nowhere.
  var value: String?

  enum Resolved: Hashable, Sendable {
    case text(String)
    /// The name of the workload that the mapping has for the event's image.
    case workloadName
    /// The parameter keeps whatever stands at its destination.
    case skipped
    case failed(String)
  }

  /// The parameter's text for `event`, which came for the dependency named `arrived`.
  func resolve(_ event: inout EventView, arrived: String) -> Resolved {
    guard dependency == arrived else { return value.map { .text($0) } ?? .skipped }
    if let dataKey { return resolve(dataKey, in: &event) }
    if let contextKey {
      return event.context[contextKey].map { .text($0) } ?? fallback("context has no \(contextKey.quoted(limit: 80))")
    }
    return .text(value ?? event.wholeText)
  }

  private func resolve(_ key: ValuePath, in event: inout EventView) -> Resolved {
    switch key.lookup {
    case .data(let path):
      guard let data = event.data else { return fallback("event data not valid JSON") }
      return path.value(in: data).map { .text($0.parameterText) } ?? fallback("\(key.text) is not in the event")
    case .derived(let name, let path):
      // The short form first: `$.tag` is "1.1", `body.tag` is the whole reference.
      if let forms = event.forms(of: name), let short = forms.first { return .text(short.parameterText) }
      if let value = event.derivedValue(name, path) { return .text(value.parameterText) }
      if name == "serviceName" { return .workloadName }
      return fallback("\(key.text) is neither in the message nor known from its image")
    case .unusable(let reason): return fallback(reason)
    }
  }

  /// The default, or a failure that says what was missing.
  func fallback(_ reason: String) -> Resolved { value.map { .text($0) } ?? .failed(reason) }
}

extension JSONValue {
  /// The value as the text of a parameter: as gjson writes it, except that null is "null".
  fileprivate var parameterText: String { isNull ? "null" : gjsonText }
}
