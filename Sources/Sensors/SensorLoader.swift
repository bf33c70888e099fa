import JSON

/// What Sensors refer to by name, collected from all documents before the first Sensor is read.
struct Catalog {
  var eventSources: [String: EventSource] = [:]
  var templates: [String: WorkflowTemplate] = [:]

  /// Where a document without a namespace stands.
  let namespace: String
}

/// Reads the Sensor documents of one file.
struct SensorLoader {
  let catalog: Catalog
  let report: Report

  /// The Sensor; nil when it is unusable as a whole, which has been reported.
  func sensor(name: String, namespace: String, spec: Fields) -> Sensor? {
    var dependencies: [String: Dependency] = [:]
    var triggers: [Trigger] = []
    let problem = report.problem {
      spec.warnUnknown([
        "dependencies", "triggers", "template", "errorOnFailedRound", "eventBusName", "replicas", "revisionHistoryLimit",
        "loggingFields",
      ])
      let entries = spec.mappings("dependencies")
      if entries.isEmpty { report.invalid("sensor", spec.node, "no event dependencies found") }
      for entry in entries { read(entry, into: &dependencies) }
    }
    guard problem == nil || !dependencies.isEmpty else { return nil }
    let entries = spec.mappings("triggers")
    if entries.isEmpty {
      report.invalid("sensor", spec.node, "no triggers found")
      return nil
    }
    let loader = TriggerLoader(catalog: catalog, report: report, namespace: namespace, dependencies: dependencies)
    for entry in entries {
      guard let trigger = loader.trigger(entry) else { continue }
      if triggers.contains(where: { $0.name == trigger.name }) {
        report.invalid("sensor", entry.node, "duplicate trigger name: \(trigger.name)")
      } else {
        triggers.append(trigger)
      }
    }
    return Sensor(name: name, dependencies: dependencies, triggers: triggers)
  }

  private func read(_ entry: Fields, into dependencies: inout [String: Dependency]) {
    entry.warnUnknown(["name", "eventSourceName", "eventName", "filters", "filtersLogicalOperator", "transform"])
    guard let name = entry.text("name"), !name.isEmpty else {
      report.invalid("sensor", entry.node, "event dependency must define a name")
      return
    }
    var event = EventName(source: "", event: "")
    var filters = FilterSet()
    let problem = report.problem {
      event = self.event(entry)
      filters = FilterLoader(report: report).filters(entry)
      remarkOnBody(filters, event, entry)
      if let node = entry.value("transform") {
        report.invalid("unsupported", node, "\(entry.join("transform")) is not supported yet")
      }
    }
    if dependencies[name] != nil {
      report.invalid("sensor", entry.node, "the dependency \(name.quoted(limit: 60)) is defined twice; Argo takes one of them")
      return
    }
    dependencies[name] = Dependency(event: event, filters: filters, problem: problem)
  }

  private func remarkOnBody(_ filters: FilterSet, _ event: EventName, _ entry: Fields) {
    let definition = catalog.eventSources[event.source]?.events.first { $0.name == event }
    guard let definition, !definition.jsonBody, let path = filters.data?.first(where: { $0.path.text.hasPrefix("body.") })?.path
    else { return }
    report.warning(
      "no-json-body", entry.value("filters") ?? entry.node,
      "\(path.text.quoted(limit: 80)) does not exist: without jsonBody the body of \(event) is base64 text",
      fix: "write jsonBody: true in its EventSource")
  }

  private func event(_ entry: Fields) -> EventName {
    let source = entry.text("eventSourceName") ?? ""
    let event = entry.text("eventName") ?? ""
    if source.isEmpty { report.invalid("sensor", entry.node, "event dependency must define the EventSourceName") }
    if event.isEmpty { report.invalid("sensor", entry.node, "event dependency must define the EventName") }
    guard !source.isEmpty, !event.isEmpty else { return EventName(source: source, event: event) }
    if let found = catalog.eventSources[source] {
      let names = found.events.map(\.name.event)
      if let reason = found.unusableEvents[event] {
        report.invalid(
          "unsupported", entry.value("eventName") ?? entry.node,
          "the event \(event.quoted(limit: 60)) of EventSource \(source.quoted(limit: 60)) is not active: \(reason)")
      } else if !names.contains(event) {
        report.invalid(
          "unknown-event", entry.value("eventName") ?? entry.node,
          "EventSource \(source.quoted(limit: 60)) has no event \(event.quoted(limit: 60)); \(Spelling.list(names))",
          fix: Spelling.nearest(to: event, among: names).map { "did you mean \($0)?" })
      }
    } else {
      let names = catalog.eventSources.keys.sorted()
      report.invalid(
        "unknown-event-source", entry.value("eventSourceName") ?? entry.node,
        "no EventSource is named \(source.quoted(limit: 60)); \(Spelling.list(names))",
        fix: Spelling.nearest(to: source, among: names).map { "did you mean \($0)?" })
    }
    return EventName(source: source, event: event)
  }
}
