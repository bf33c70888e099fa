import JSON

/// How a trigger's resource leads to a template.
extension WorkflowLoader {
  /// The template the resource leads to, with its restarts; nil where there is none that runs here, which has been reported.
  func reference(_ resource: Fields, isFrom: Bool) -> (template: WorkflowTemplate, plan: RestartPlan)? {
    let kind = resource.text("kind") ?? ""
    let ownName = resource.mapping("metadata")?.text("name")
    switch kind {
    case "WorkflowTemplate" where isArgoWorkflow:
      if !isFrom {
        report.warning(
          "B2.8", resource.node, "argo submit does not take a WorkflowTemplate; here a Workflow of that template is meant",
          fix: "write kind: Workflow with spec.workflowTemplateRef.name, or operation: submit-from")
      }
      resource.warnUnknown(["apiVersion", "kind", "metadata", "name", "spec"])
      guard let name = (isFrom ? nil : resource.text("name")) ?? ownName else {
        report.invalid("sensor", resource.node, "failed to trigger the workflow, neither name nor generateName is given")
        return nil
      }
      return template(named: name, resource.value("name") ?? resource.node)
    case "Workflow" where !isFrom:
      guard let spec = resource.mapping("spec") else {
        report.invalid("sensor", resource.node, "the Workflow has no spec")
        return nil
      }
      if let reference = spec.mapping("workflowTemplateRef") { return template(of: reference, in: spec) }
      let written = WorkflowTemplate(name: ownName ?? trigger, spec: spec, report: report)
      return native(WorkflowTemplate(name: written.name, arguments: [], plan: written.plan), resource.node)
    default:
      report.invalid(
        "unsupported", resource.value("kind") ?? resource.node, "submitting a \(kind.quoted(limit: 40)) is not supported yet")
      return nil
    }
  }

  private func template(of reference: Fields, in spec: Fields) -> (template: WorkflowTemplate, plan: RestartPlan)? {
    if reference.flag("clusterScope") == true {
      report.invalid("unsupported", reference.node, "ClusterWorkflowTemplates are not supported yet")
      return nil
    }
    guard let name = reference.text("name") else {
      report.invalid("sensor", reference.node, "\(reference.path) has no name")
      return nil
    }
    guard !overrides(spec) else { return nil }
    return template(named: name, reference.value("name") ?? reference.node)
  }

  /// Whether the Workflow changes what its template does, which has been reported.
  private func overrides(_ spec: Fields) -> Bool {
    for key in ["entrypoint", "templates", "onExit", "hooks", "suspend", "shutdown", "synchronization"] {
      guard let node = spec.value(key) else { continue }
      report.invalid("unsupported", node, "\(spec.join(key)) beside workflowTemplateRef is not supported yet")
      return true
    }
    return false
  }

  private func template(named name: String, _ node: Node) -> (template: WorkflowTemplate, plan: RestartPlan)? {
    guard let template = catalog.templates[name] else {
      let names = catalog.templates.keys.sorted()
      report.invalid(
        "unknown-template", node,
        "no WorkflowTemplate is named \(name.quoted(limit: 80)); \(Spelling.list(names))",
        fix: Spelling.nearest(to: name, among: names).map { "did you mean \($0)?" })
      return nil
    }
    return native(template, node)
  }

  private func native(_ template: WorkflowTemplate, _ node: Node) -> (template: WorkflowTemplate, plan: RestartPlan)? {
    switch template.plan {
    case .success(let plan): return (template, plan)
    case .failure(let error):
      report.invalid(
        "needs-workflow", node,
        "\(template.name.quoted(limit: 80)) needs a real Workflow: \(error.reason); submitting one is not supported yet")
      return nil
    }
  }
}
