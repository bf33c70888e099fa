import JSON

/// Reads the triggers of one Sensor. A trigger that cannot run is kept with its reason, so that every event can be told of it.
struct TriggerLoader {
  let catalog: Catalog
  let report: Report
  let namespace: String
  let dependencies: [String: Dependency]

  /// The trigger; nil when it has not even a name, which has been reported.
  func trigger(_ entry: Fields) -> Trigger? {
    entry.warnUnknown(["template", "parameters", "policy", "retryStrategy", "rateLimit", "atLeastOnce", "dlqTrigger"])
    guard let template = entry.mapping("template") else {
      report.invalid("sensor", entry.node, "trigger template can't be nil")
      return nil
    }
    guard let name = template.text("name"), !name.isEmpty else {
      report.invalid("sensor", template.node, "trigger must define a name")
      return nil
    }
    var plan: Trigger.Plan?
    let problem = report.problem {
      for key in ["policy", "dlqTrigger"] {
        if let node = entry.value(key) { report.invalid("unsupported", node, "\(entry.join(key)) is not supported yet") }
      }
      _ = entry.flag("atLeastOnce")
      if let node = entry.value("retryStrategy") {
        report.warning("no-effect", node, "\(entry.join("retryStrategy")) is not honoured yet; the retries of this server apply")
      }
      let rateLimit = RateLimitLoader(report: report).rateLimit(entry)
      let condition = self.condition(template)
      let workflow = self.workflow(template, name, entry)
      if let condition, let workflow {
        plan = Trigger.Plan(condition: condition, workflow: workflow, rateLimit: rateLimit)
      }
    }
    guard let plan, problem == nil else {
      return Trigger(name: name, plan: .failure(.init(reason: problem ?? "the trigger could not be read")))
    }
    return Trigger(name: name, plan: .success(plan))
  }

  private func condition(_ template: Fields) -> Condition? {
    if let node = template.value("conditionsReset") {
      report.invalid("unsupported", node, "\(template.join("conditionsReset")) is not supported yet")
    }
    guard let text = template.text("conditions"), let node = template.value("conditions") else {
      let names = dependencies.keys.sorted()
      guard names.count == 1 else {
        report.invalid(
          "unsupported", template.node,
          "without conditions a trigger waits for all of \(names.joined(separator: ", ")); not supported yet",
          fix: "write conditions: \(names.joined(separator: " || ").quoted(limit: 120)) if each alone should fire it")
        return nil
      }
      return usable(Condition(names: names), template.node)
    }
    switch Condition.parse(text) {
    case .failure(.syntax(let reason)): report.invalid("conditions", node, reason)
    case .failure(.needsState(let reason)): report.invalid("unsupported", node, "\(reason); not supported yet")
    case .success(let condition):
      for name in condition.names where dependencies[name] == nil { reportUnknown(name, node) }
      return usable(condition, node)
    }
    return nil
  }

  /// A trigger is active only if each dependency it waits for is.
  private func usable(_ condition: Condition, _ node: Node) -> Condition {
    for name in condition.names {
      guard let problem = dependencies[name]?.problem else { continue }
      report.invalid(
        "dependency", node, "the trigger waits for the dependency \(name.quoted(limit: 60)), which is not active: \(problem)")
    }
    return condition
  }

  private func reportUnknown(_ name: String, _ node: Node) {
    let names = dependencies.keys.sorted()
    report.invalid(
      "unknown-dependency", node, "no dependency is named \(name.quoted(limit: 60)); \(Spelling.list(names))",
      fix: Spelling.nearest(to: name, among: names).map { "did you mean \($0)?" })
  }

  private static let kinds = [
    "k8s", "argoWorkflow", "http", "awsLambda", "azureEventHubs", "azureServiceBus", "kafka", "pulsar", "nats", "slack",
    "openWhisk", "custom",
    "log", "email",
  ]

  /// The Workflow of the first kind that is set, in Argo's order.
  private func workflow(_ template: Fields, _ name: String, _ entry: Fields) -> SubmittedWorkflow? {
    template.warnUnknown(Set(Self.kinds + ["name", "conditions", "conditionsReset"]))
    guard let kind = Self.kinds.first(where: { template.value($0) != nil }), let node = template.value(kind) else {
      report.invalid(
        "sensor", template.node,
        "the trigger \(name.quoted(limit: 60)) has none of the kinds \(Self.kinds.joined(separator: ", "))")
      return nil
    }
    guard kind == "argoWorkflow" || kind == "k8s" else {
      _ = ParameterLoader(report: report, dependencies: dependencies, isArgoWorkflow: false, trigger: name)
        .parameters(entry.mappings("parameters"), isTriggerLevel: true, in: nil)
      report.invalid("unsupported", node, "\(template.join(kind)) is not supported yet")
      return nil
    }
    guard let fields = template.mapping(kind) else { return nil }
    let loader = WorkflowLoader(
      catalog: catalog, report: report, namespace: namespace, dependencies: dependencies, trigger: name,
      isArgoWorkflow: kind == "argoWorkflow")
    return loader.workflow(fields, triggerLevel: entry.mappings("parameters"))
  }
}
