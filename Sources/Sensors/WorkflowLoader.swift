import JSON

/// Reads what a trigger submits: a Workflow that refers to a template, a template itself, or a Workflow written out in the
/// Sensor.
struct WorkflowLoader {
  let catalog: Catalog
  let report: Report
  let namespace: String
  let dependencies: [String: Dependency]
  let trigger: String

  /// `argoWorkflow` if true, `k8s` with `operation: create` if not.
  let isArgoWorkflow: Bool

  func workflow(_ fields: Fields, triggerLevel: [Fields]) -> SubmittedWorkflow? {
    fields.warnUnknown(
      isArgoWorkflow
        ? ["source", "operation", "parameters", "args"] : ["source", "operation", "parameters", "patchStrategy", "liveObject"])
    guard let source = fields.mapping("source") else {
      let text = "\(isArgoWorkflow ? "argoWorkflow" : "k8s") trigger does not contain an absolute action"
      report.invalid(
        "sensor", fields.node,
        (isArgoWorkflow ? "template \(trigger) is invalid, " : "trigger for template \(trigger) is invalid, ") + text)
      return nil
    }
    guard let resource = source.mapping("resource") else {
      report.invalid("unsupported", source.node, "\(source.path) without resource is not supported yet")
      return nil
    }
    let parameters = ParameterLoader(report: report, dependencies: dependencies, isArgoWorkflow: isArgoWorkflow, trigger: trigger)
    guard let isFrom = operation(fields), let reference = reference(resource, isFrom: isFrom) else {
      _ = parameters.parameters(triggerLevel, isTriggerLevel: true, in: nil)
      _ = parameters.parameters(fields.mappings("parameters"), isTriggerLevel: false, in: nil)
      return nil
    }
    var workflow = SubmittedWorkflow(
      template: reference.template, plan: reference.plan,
      namespace: resource.mapping("metadata")?.text("namespace") ?? namespace,
      arguments: isFrom ? [] : resource.mapping("spec")?.mapping("arguments")?.arguments("parameters") ?? [],
      options: fields.texts("args") ?? [], parameters: [])
    let atTrigger = parameters.parameters(triggerLevel, isTriggerLevel: true, in: workflow)
    let atResource = parameters.parameters(fields.mappings("parameters"), isTriggerLevel: false, in: workflow)
    if isFrom, !atResource.isEmpty, let node = fields.value("parameters") {
      report.warning(
        "B2.8", node, "with submit-from, parameters of the resource have no effect", fix: "use args: [\"-p\", \"name=value\"]")
    }
    workflow.parameters = atTrigger + (isFrom ? [] : atResource)
    check(workflow, fields)
    return workflow
  }

  /// Whether the operation is `submit-from`; nil for those that are not supported.
  private func operation(_ fields: Fields) -> Bool? {
    let operation = fields.text("operation") ?? (isArgoWorkflow ? "submit" : "create")
    let node = fields.value("operation") ?? fields.node
    if isArgoWorkflow {
      switch operation {
      case "", "submit": return false
      case "submit-from": return true
      case "resubmit", "resume", "retry", "suspend", "terminate", "stop":
        report.invalid("unsupported", node, "the operation \(operation) is not supported yet")
      default: report.invalid("sensor", node, "template \(trigger) is invalid, unknown operation type \(operation)")
      }
    } else {
      switch operation {
      case "", "create": return false
      case "update", "patch", "delete":
        report.invalid("unsupported", node, "the operation \(operation) of k8s is not supported yet")
      default: report.invalid("sensor", node, "trigger for template \(trigger) is invalid, unknown operation type \(operation)")
      }
    }
    return nil
  }

  /// Reports parameters that nothing gives a value, and options that are not parameters.
  private func check(_ workflow: SubmittedWorkflow, _ fields: Fields) {
    do throws(RunArguments.Problem) {
      var given = Set(try SubmitOptions.parameters(workflow.options).map(\.name))
      for parameter in workflow.parameters {
        switch parameter.destination {
        case .name(let name): given.insert(name)
        case .index(let index):
          if workflow.arguments.indices.contains(index), let name = workflow.arguments[index].name { given.insert(name) }
        case .option, .withoutEffect, .unsupported: break
        }
      }
      for argument in workflow.arguments where argument.value != nil { given.formUnion([argument.name].compactMap(\.self)) }
      let hasOptions = !workflow.options.isEmpty
      for argument in workflow.template.arguments {
        guard let name = argument.name, argument.value == nil, !given.contains(name), !hasOptions else { continue }
        throw RunArguments.Problem(message: "spec.arguments.\(name).value or spec.arguments.\(name).valueFrom is required")
      }
      let declared = given.union(workflow.template.arguments.compactMap(\.name))
      for input in workflow.plan.inputs {
        guard let name = input.name, input.value == nil, !declared.contains(name), !hasOptions else { continue }
        throw RunArguments.Problem(message: "inputs.parameters.\(name) was not supplied")
      }
    } catch {
      report.invalid("parameters", fields.node, error.message)
    }
  }
}
