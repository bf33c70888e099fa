import JSON

extension WorkflowTemplate {
  /// Reads `spec` of a WorkflowTemplate, or of a Workflow that stands in a Sensor.
  init(name: String, spec: Fields, report: Report) {
    self.name = name
    spec.warnUnknown(Self.specFields)
    spec.remarkOnPodFields()
    arguments = spec.mapping("arguments")?.arguments("parameters") ?? []
    plan = Self.plan(spec, report)
  }

  private static func plan(_ spec: Fields, _ report: Report) -> Result<RestartPlan, NotNative> {
    do throws(NotNative) {
      for field in ["onExit", "hooks", "synchronization", "suspend", "shutdown", "templateDefaults"]
      where spec.value(field) != nil {
        throw NotNative("it uses \(field)")
      }
      let templates = spec.mappings("templates")
      guard let entrypoint = spec.text("entrypoint") else { throw NotNative("it has no entrypoint") }
      guard let template = templates.first(where: { $0.text("name") == entrypoint }) else {
        let names = templates.compactMap { $0.text("name") }
        let guess = Spelling.nearest(to: entrypoint, among: names).map { "; did you mean \($0)?" } ?? ""
        throw NotNative("its entrypoint \(entrypoint.quoted(limit: 80)) is none of its templates\(guess)")
      }
      return .success(try RestartPlan(template, report))
    } catch {
      return .failure(error)
    }
  }

  private static let specFields: Set<String> = [
    "activeDeadlineSeconds", "affinity", "archiveLogs", "arguments", "artifactGC", "artifactRepositoryRef",
    "automountServiceAccountToken",
    "dnsConfig", "dnsPolicy", "entrypoint", "executor", "hooks", "hostAliases", "hostNetwork", "imagePullSecrets", "metrics",
    "nodeSelector", "onExit", "parallelism", "podDisruptionBudget", "podGC", "podMetadata", "podPriorityClassName",
    "podSpecPatch", "priority",
    "retryStrategy", "schedulerName", "securityContext", "serviceAccountName", "shutdown", "suspend", "synchronization",
    "templateDefaults", "templates", "tolerations", "ttlStrategy", "volumeClaimGC", "volumeClaimTemplates", "volumes",
    "workflowMetadata",
    "workflowTemplateRef",
  ]
}

extension Fields {
  /// What a Workflow's pods would obey and a restart that runs here does not.
  func remarkOnPodFields() {
    for key in ["retryStrategy", "activeDeadlineSeconds", "timeout", "parallelism"] {
      guard let node = value(key) else { continue }
      report.info(
        "no-effect", node,
        "\(join(key)) has no effect on a restart that runs here; the retries and time limits of this server apply")
    }
  }

  /// The entries of a list of parameters, each with its name, value (or default) and allowed values.
  func arguments(_ key: String) -> [Argument] {
    mappings(key).map { entry in
      entry.warnUnknown(["name", "value", "default", "valueFrom", "enum", "description", "globalName"])
      let allowed = entry.list("enum")?.compactMap(\.scalarText)
      let value = entry.anyText("value") ?? entry.anyText("default")
      if let value, let allowed, !allowed.contains(value), let node = entry.value("value") ?? entry.value("default") {
        entry.report.warning("enum", node, "\(value.quoted(limit: 40)) is not among the values of its enum")
      }
      if let node = entry.value("valueFrom") {
        entry.report.error("unsupported", node, "\(entry.join("valueFrom")) is not read here; the parameter needs a value")
      }
      return Argument(name: entry.text("name"), value: value, allowed: allowed)
    }
  }
}
