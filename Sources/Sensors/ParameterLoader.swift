import JSON

/// Reads the parameters of a trigger, at both places where Argo allows them.
struct ParameterLoader {
  let report: Report
  let dependencies: [String: Dependency]
  let isArgoWorkflow: Bool
  let trigger: String

  /// The parameters of a list, checked against the Workflow they go into; against nothing where there is none.
  func parameters(_ entries: [Fields], isTriggerLevel: Bool, in workflow: SubmittedWorkflow?) -> [SubmittedWorkflow.Parameter] {
    entries.enumerated().compactMap { parameter($1, index: $0, isTriggerLevel: isTriggerLevel, in: workflow) }
  }

  private func parameter(
    _ entry: Fields, index: Int, isTriggerLevel: Bool, in workflow: SubmittedWorkflow?
  ) -> SubmittedWorkflow.Parameter? {
    entry.warnUnknown(["src", "dest", "operation"])
    let template = isArgoWorkflow ? "template \(trigger) is invalid, " : "trigger for template \(trigger) is invalid, "
    let prefix =
      isTriggerLevel ? "template parameter index: \(index). err: " : template + "resource parameter index: \(index). err: "
    guard let src = entry.mapping("src") else {
      report.invalid("sensor", entry.node, prefix + "parameter source can't be empty")
      return nil
    }
    guard let source = source(src, prefix) else { return nil }
    guard let dest = entry.text("dest"), !dest.isEmpty, let node = entry.value("dest") else {
      report.invalid("sensor", entry.node, prefix + "parameter destination can't be empty")
      return nil
    }
    let written = entry.text("operation") ?? ""
    guard let operation = written.isEmpty ? .overwrite : SubmittedWorkflow.Operation(rawValue: written) else {
      report.invalid("sensor", entry.value("operation") ?? entry.node, prefix + "parameter operation \(written) is invalid")
      return nil
    }
    let destination = ParameterDestination(dest, isTriggerLevel: isTriggerLevel)
    if let workflow { check(destination, dest, node, workflow) }
    return SubmittedWorkflow.Parameter(source: source, destination: destination, dest: dest, operation: operation)
  }

  private func source(_ src: Fields, _ prefix: String) -> ParameterSource? {
    src.warnUnknown([
      "dependencyName", "dependency", "dataKey", "dataTemplate", "contextKey", "contextTemplate", "value", "useRawData",
    ])
    if let node = src.node.keyNode("dependency") {
      report.warning(
        "B2.5", node, "src.dependency is not a field: Argo says parameter dependency name can't be empty",
        fix: "write dependencyName")
    }
    guard let dependency = src.text("dependencyName") ?? src.text("dependency"), !dependency.isEmpty else {
      report.invalid("sensor", src.node, prefix + "parameter dependency name can't be empty")
      return nil
    }
    if dependencies[dependency] == nil, let node = src.value("dependencyName") ?? src.value("dependency") {
      let names = dependencies.keys.sorted()
      report.invalid(
        "unknown-dependency", node,
        "no dependency is named \(dependency.quoted(limit: 60)); \(Spelling.list(names))",
        fix: Spelling.nearest(to: dependency, among: names).map { "did you mean \($0)?" })
    }
    for key in ["dataTemplate", "contextTemplate"] {
      if let node = src.value(key) { report.invalid("unsupported", node, "\(src.join(key)) is not supported yet") }
    }
    let key = src.text("dataKey").flatMap { $0.isEmpty ? nil : ValuePath($0) }
    if let key, let node = src.value("dataKey") { remark(on: key, node) }
    let contextKey = src.text("contextKey").flatMap { $0.isEmpty ? nil : $0 }
    return ParameterSource(dependency: dependency, dataKey: key, contextKey: contextKey, value: src.text("value"))
  }

  private func remark(on key: ValuePath, _ node: Node) {
    if case .unusable(let reason) = key.lookup { report.invalid("path", node, reason) }
    guard let name = key.derivedName else { return }
    switch name {
    case "tag", "digest":
      report.info(
        "B2.3", node, "here \(key.text) is the \(name) alone; the message of a registry has a full reference in body.\(name)")
    case "name":
      report.info(
        "B2.4", node, "$.name is not in registry messages; unless the message has it, the last part of the image's path is taken")
    case "serviceName":
      report.info(
        "B2.4", node, "$.serviceName is not in registry messages; unless the message has it, the mapping names the workload")
    default:
      report.warning(
        "B2.1", node, "real Argo reads \(key.text) as a member named \"$\", which no event has",
        fix: "write body\(key.text.dropFirst())")
    }
  }

  private func check(_ destination: ParameterDestination, _ dest: String, _ node: Node, _ workflow: SubmittedWorkflow) {
    switch destination {
    case .name where dest.hasPrefix("parameters."):
      report.warning(
        "B2.7", node, "real Argo would write \(dest) beside the Workflow's spec, where nothing reads it",
        fix: "write spec.arguments.parameters.INDEX.value")
    case .name where !dest.contains("#("):
      report.info("B2.7", node, "\(dest) sets the parameter of that name; real Argo wants its position")
    case .index(let index) where !workflow.arguments.indices.contains(index):
      report.invalid("dest", node, "\(dest) is beyond the \(workflow.arguments.count) parameters that the resource itself lists")
    case .option(let index) where !workflow.options.indices.contains(index):
      report.invalid("dest", node, "\(dest) is beyond the \(workflow.options.count) args of the trigger")
    case .withoutEffect: report.info("no-effect", node, "\(dest) changes nothing when the restart runs without a Workflow object")
    case .unsupported: report.invalid("unsupported", node, "the destination \(dest.quoted(limit: 80)) is not supported yet")
    case .name, .index, .option: break
    }
  }
}
