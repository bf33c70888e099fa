import JSON

/// The Workflow that a trigger submits, and how the event's values get into it.
struct SubmittedWorkflow: Sendable {
  struct Parameter: Sendable {
    let source: ParameterSource
    let destination: ParameterDestination
    /// The path as written, for messages.
    let dest: String
    let operation: Operation
  }

  enum Operation: String, Sendable {
    case overwrite, append, prepend

    func apply(_ text: String, to existing: String) -> String {
      switch self {
      case .overwrite: text
      case .append: existing + text
      case .prepend: text + existing
      }
    }
  }

  let template: WorkflowTemplate
  let plan: RestartPlan

  /// The namespace the Workflow would run in.
  let namespace: String

  /// `spec.arguments.parameters` of the resource itself.
  var arguments: [Argument]

  /// `argoWorkflow.args`: options of `argo submit`.
  var options: [String]

  /// Those of the trigger, then those of the kind, as Argo applies them.
  var parameters: [Parameter]

  /// What the Workflow does for `event`, which came for the dependency named `arrived`.
  /// - Throws: why it cannot run for this event.
  func firings(
    for event: inout EventView, arrived: String, workloads: [Workload], sensor: String, trigger: String, rateLimit: RateLimit?
  ) throws(RunArguments.Problem) -> [Firing] {
    let resolved = try resolve(&event, arrived: arrived, hasWorkloads: !workloads.isEmpty)
    let usesMapping = resolved.contains { $0.value == .workloadName }
    var firings: [Firing] = []
    for workload in usesMapping ? workloads.map(Optional.some) : [nil] {
      let arguments = try RunArguments(submitted: submitted(resolved, workload), template: template.arguments, plan: plan)
      for command in plan.commands {
        for target in command.targets {
          let action = try self.action(target, of: command, arguments, workload)
          let firing = Firing(
            sensor: sensor, trigger: trigger, action: action, parameters: arguments.workflow, rateLimit: rateLimit)
          if !firings.contains(firing) { firings.append(firing) }
        }
      }
    }
    return firings
  }

  private typealias Resolved = (parameter: Parameter, value: ParameterSource.Resolved)

  private func resolve(
    _ event: inout EventView, arrived: String, hasWorkloads: Bool
  ) throws(RunArguments.Problem) -> [Resolved] {
    var resolved: [Resolved] = []
    for parameter in parameters {
      var value = parameter.source.resolve(&event, arrived: arrived)
      if value == .workloadName, !hasWorkloads { value = parameter.source.fallback(event.missingWorkload) }
      if case .failed(let reason) = value {
        throw RunArguments.Problem(
          message: "unable to resolve '\(parameter.source.dependency)' parameter value for \(parameter.dest): \(reason)")
      }
      resolved.append((parameter, value))
    }
    return resolved
  }

  /// The arguments as the edited resource and the options of `argo submit` give them; options come last and win.
  private func submitted(_ resolved: [Resolved], _ workload: Workload?) throws(RunArguments.Problem) -> [Firing.Parameter] {
    var copy = self
    for (parameter, value) in resolved {
      switch value {
      case .text(let text): copy.write(text, parameter)
      case .workloadName: copy.write(workload?.name ?? "", parameter)
      case .skipped, .failed: break
      }
    }
    var parameters: [Firing.Parameter] = []
    for case let argument in copy.arguments {
      if let name = argument.name, let value = argument.value { parameters.append(Firing.Parameter(name: name, value: value)) }
    }
    return parameters + (try SubmitOptions.parameters(copy.options))
  }

  private mutating func write(_ text: String, _ parameter: Parameter) {
    switch parameter.destination {
    case .index(let index):
      guard arguments.indices.contains(index) else { return }
      arguments[index].value = parameter.operation.apply(text, to: arguments[index].value ?? "")
    case .name(let name):
      if let index = arguments.firstIndex(where: { $0.name == name }) {
        arguments[index].value = parameter.operation.apply(text, to: arguments[index].value ?? "")
      } else {
        arguments.append(Argument(name: name, value: text))
      }
    case .option(let index):
      guard options.indices.contains(index) else { return }
      options[index] = parameter.operation.apply(text, to: options[index])
    case .withoutEffect, .unsupported: break
    }
  }

  /// One restart with its names checked. An empty name would make kubectl restart every workload of the namespace.
  private func action(
    _ target: RestartCommand.Target, of command: RestartCommand, _ arguments: RunArguments, _ workload: Workload?
  ) throws(RunArguments.Problem) -> Firing.Action {
    let ownNamespace = workload?.namespace ?? namespace
    let name = try arguments.fill(target.name, namespace: ownNamespace)
    let chosen = try command.namespace.map { word throws(RunArguments.Problem) in
      try arguments.fill(word, namespace: ownNamespace)
    }
    // The mapping knows what kind of workload runs the image, and "deployment" may be the guess of a template for all of them. Who wrote
    // another kind meant it.
    let isMapped = workload.map { $0.name == name && target.name.parts.count == 1 && target.name.literal == nil } ?? false
    let kind = isMapped && target.kind == "Deployment" ? workload?.kind ?? target.kind : target.kind
    if let problem = ObjectName.problem(name) {
      throw RunArguments.Problem(message: "the \(kind) name \(name.quoted(limit: 80)) is refused: \(problem)")
    }
    if let problem = ObjectName.namespaceProblem(chosen ?? ownNamespace) {
      throw RunArguments.Problem(message: "the namespace \((chosen ?? ownNamespace).quoted(limit: 80)) is refused: \(problem)")
    }
    return .restart(kind: kind, namespace: chosen ?? ownNamespace, name: name)
  }
}
