import JSON
import YAML

extension RuleSet {
  /// Reads the documents of `files`, in the order of the files' names.
  ///
  /// What is wrong with one document is reported and leaves the others active. Files that hold no rules are no mistake.
  /// - Parameters:
  ///   - mapping: files that are not read here, but decide together with the rules: they count for the generation's name.
  ///   - namespace: where documents without `metadata.namespace` stand.
  package static func load(
    files: [RuleFile], mapping: [RuleFile] = [], namespace: String = "default"
  ) -> (RuleSet, [Diagnostic]) {
    let files = files.sorted { $0.name < $1.name }
    var generation = Generation()
    for file in files { generation.add(file) }
    if !mapping.isEmpty {
      // No file has this name: it keeps a file that moves from one directory to the other from going unseen.
      generation.add(RuleFile(name: "", bytes: []))
      for file in mapping.sorted(by: { $0.name < $1.name }) { generation.add(file) }
    }
    var loader = DirectoryLoader(catalog: Catalog(namespace: namespace))
    for file in files { loader.read(file) }
    let sensors = loader.sensors()
    let ruleSet = RuleSet(
      generation: generation.text, eventSources: loader.eventSources, sensors: sensors, configMaps: loader.configMaps)
    return (
      ruleSet, loader.reports.flatMap(\.diagnostics).sorted { ($0.file, $0.line, $0.column) < ($1.file, $1.line, $1.column) }
    )
  }
}

/// Sorts the documents of a directory by kind. Sensors are kept back until everything they can name is known.
struct DirectoryLoader {
  var catalog: Catalog
  var eventSources: [EventSource] = []
  var configMaps: [RuleSet.ConfigMap] = []
  var reports: [Report] = []
  private var pending: [Document] = []

  init(catalog: Catalog) { self.catalog = catalog }

  private struct Document {
    let name: String
    let namespace: String
    let spec: Fields
    let node: Node
  }

  mutating func read(_ file: RuleFile) {
    let report = Report(file: file.path)
    reports.append(report)
    for node in Node.documents(file.bytes, report) where !node.isNull { read(node, report) }
  }

  private mutating func read(_ node: Node, _ report: Report) {
    guard let document = Fields(node, path: "", report: report) else { return }
    guard let kind = document.text("kind") else {
      report.invalid("document", node, "the document has no kind")
      return
    }
    switch kind {
    case "ConfigMap": configMaps.append(RuleSet.ConfigMap(file: report.file, document: node.yaml))
    case "EventSource", "Sensor", "WorkflowTemplate": read(kind, document, report)
    default:
      let kinds = ["ConfigMap", "EventSource", "Sensor", "WorkflowTemplate"]
      report.warning(
        "document", document.value("kind") ?? node, "a \(kind.quoted(limit: 60)) is no rule and is passed over",
        fix: Spelling.nearest(to: kind, among: kinds).map { "did you mean \($0)?" })
    }
  }

  private mutating func read(_ kind: String, _ document: Fields, _ report: Report) {
    document.warnUnknown(["apiVersion", "kind", "metadata", "spec", "status"])
    if let version = document.value("apiVersion"), version.string != "argoproj.io/v1alpha1" {
      report.invalid("document", version, "the apiVersion of a \(kind) is argoproj.io/v1alpha1")
      return
    }
    let metadata = document.mapping("metadata")
    guard let name = metadata?.text("name"), !name.isEmpty else {
      report.invalid("document", document.node, "the \(kind) has no metadata.name")
      return
    }
    guard let spec = document.mapping("spec") else {
      report.invalid("document", document.node, "the \(kind) \(name.quoted(limit: 60)) has no spec")
      return
    }
    if isTaken(name, kind) {
      report.invalid(
        "document", document.node, "there is already a \(kind) named \(name.quoted(limit: 60)); this one is passed over")
      return
    }
    switch kind {
    case "EventSource":
      let source = EventSource(name: name, spec: spec, report: report)
      catalog.eventSources[name] = source
      eventSources.append(source)
    case "WorkflowTemplate": catalog.templates[name] = WorkflowTemplate(name: name, spec: spec, report: report)
    default:
      let namespace = metadata?.text("namespace") ?? catalog.namespace
      pending.append(Document(name: name, namespace: namespace, spec: spec, node: document.node))
    }
  }

  private func isTaken(_ name: String, _ kind: String) -> Bool {
    switch kind {
    case "EventSource": catalog.eventSources[name] != nil
    case "WorkflowTemplate": catalog.templates[name] != nil
    default: pending.contains { $0.name == name }
    }
  }

  /// Reads the Sensors that were kept back.
  func sensors() -> [Sensor] {
    pending.compactMap { document in
      SensorLoader(catalog: catalog, report: document.spec.report)
        .sensor(name: document.name, namespace: document.namespace, spec: document.spec)
    }
  }
}
