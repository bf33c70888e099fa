import JSON

extension EventSource {
  /// Reads `spec` of an EventSource document. What is wrong with one event leaves the others.
  init(name: String, spec: Fields, report: Report) {
    self.name = name
    var events: [Definition] = []
    var unusable: [String: String] = [:]
    for (kind, kindNode) in spec.node.keys {
      guard let value = spec.value(kind) else { continue }
      switch kind {
      case "pubSub", "pubsub":
        if kind == "pubsub" {
          report.warning("B1.2", kindNode, "Argo knows pubSub, not pubsub, and drops it without a word", fix: "write pubSub")
        }
        guard let definitions = Fields(value, path: spec.join(kind), report: report) else { continue }
        for (event, _) in definitions.node.keys {
          guard let fields = definitions.mapping(event) else { continue }
          var definition: Definition?
          let problem = report.problem { definition = Self.definition(EventName(source: name, event: event), fields, report) }
          if let definition, problem == nil {
            events.append(definition)
          } else {
            unusable[event] = problem ?? "it could not be read"
          }
        }
      case "serviceAccountName":
        report.warning(
          "B1.3", kindNode, "spec.serviceAccountName is not a field of an EventSource; nothing here needs it",
          fix: "write spec.template.serviceAccountName for Argo")
      case "template", "service", "replicas", "eventBusName", "revisionHistoryLimit": break
      default:
        for (event, _) in value.keys { unusable[event] = "events of type \(kind.escaped(limit: 40)) are not received here" }
        let guess = Spelling.nearest(to: kind, among: ["pubSub", "template", "service", "replicas", "eventBusName"])
        report.warning(
          "source-type", kindNode, "events of type \(kind.quoted(limit: 40)) are not received here, only pubSub",
          fix: guess.map { "did you mean \($0)?" })
      }
    }
    self.events = events
    unusableEvents = unusable
  }

  private static func definition(_ name: EventName, _ fields: Fields, _ report: Report) -> Definition {
    fields.warnUnknown([
      "projectID", "projectId", "topicProjectID", "topic", "subscriptionID", "credentialSecret", "deleteSubscriptionOnFinish",
      "jsonBody",
      "metadata", "filter",
    ])
    if let key = fields.node.keyNode("projectId") {
      report.warning(
        "B1.1", key, "projectId is not a field: Argo would take the project from the metadata server", fix: "write projectID")
    }
    let topic = fields.text("topic")
    let subscription = fields.text("subscriptionID")
    if topic == nil, subscription == nil {
      report.error("event-source", fields.node, "must specify topic or subscriptionID")
    }
    if fields.value("topicProjectID") != nil, topic == nil {
      report.error("event-source", fields.node, "you can't specify topicProjectID if you don't specify topic")
    }
    if let topic, let node = fields.value("topic"), topic.contains("gcr"), topic != "gcr" {
      report.info(
        "B1.4", node,
        "Artifact Registry publishes to the topic \"gcr\"; \(topic.quoted(limit: 80)) needs something that forwards to it")
    }
    if let filter = fields.node.keyNode("filter") {
      report.invalid("unsupported", filter, "\(fields.join("filter")) is not supported yet")
    }
    return Definition(name: name, subscriptionID: subscription, jsonBody: fields.flag("jsonBody") ?? false)
  }
}
