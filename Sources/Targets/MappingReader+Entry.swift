import JSON
import Kubernetes
import YAML

extension MappingEntry {
  /// The fields of an entry.
  static let fields: Set<String> = [
    "deploymentName", "name", "namespace", "kind", "container", "strategy", "postRolloutHook", "slackChannel",
  ]

  /// Whether a map is an entry and not a list of images: some field of an entry has a scalar in it.
  static func isEntry(_ members: [YAMLMember]) -> Bool {
    members.contains { fields.contains($0.name) && $0.value.scalarText != nil }
  }
}

extension MappingReader {
  /// The workload that `node` describes: a map of fields, `NAMESPACE/NAME`, or `NAME`.
  /// - Returns: nil where it describes none, which is reported.
  mutating func entry(_ node: YAMLNode, _ source: Source) -> MappingEntry? {
    let place = source.place(node.position)
    if let members = node.members { return entry(members, place, source) }
    guard let text = node.scalarText, !node.isNull else {
      report(
        .error, "entry", place, "this is no workload; write a deployment's name, NAMESPACE/NAME, or a map with deploymentName")
      return nil
    }
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2 else { return workload(text, nil, place).map { MappingEntry($0) } }
    return workload(parts[1], parts[0], place).map { MappingEntry($0) }
  }

  private mutating func entry(_ members: [YAMLMember], _ place: MappingPlace, _ source: Source) -> MappingEntry? {
    var texts: [String: String] = [:]
    for member in members {
      let place = source.place(member.position)
      guard MappingEntry.fields.contains(member.name) else {
        report(
          .warning, "unknown-field", place,
          "\(member.name.quoted(limit: 80)) is no field of an entry; known are "
            + MappingEntry.fields.sorted().joined(separator: ", ")
        )
        continue
      }
      guard let text = member.value.scalarText else {
        report(.error, "field", place, "\(member.name) takes a string")
        continue
      }
      guard !member.value.isNull, !text.isEmpty else { continue }
      texts[member.name] = text
      reportIdle(member.name, place)
    }
    guard let name = texts["deploymentName"] ?? texts["name"] else {
      report(.error, "entry", place, "the entry names no workload; add deploymentName")
      return nil
    }
    if let other = texts["name"], other != name {
      report(
        .error, "entry", place,
        "deploymentName and name differ, \(name.quoted(limit: 260)) and \(other.quoted(limit: 260)); leave one")
      return nil
    }
    if let kind = texts["kind"], kind.lowercased() != "deployment" {
      report(
        .error, "kind", place, "kind \(kind.quoted(limit: 80)) is not restarted yet, only Deployment is; the entry is left out")
      return nil
    }
    return workload(name, texts["namespace"], place).map {
      MappingEntry(
        $0, container: texts["container"], postRolloutHook: texts["postRolloutHook"], slackChannel: texts["slackChannel"])
    }
  }

  private mutating func workload(_ name: String, _ namespace: String?, _ place: MappingPlace) -> Workload? {
    let namespace = namespace ?? defaultNamespace
    guard ObjectName.isSubdomain(name) else {
      report(
        .error, "name", place, "\(name.quoted(limit: 260)) cannot be the name of a Deployment: only a-z, 0-9, \"-\" and \".\"")
      return nil
    }
    guard ObjectName.isLabel(namespace) else {
      report(.error, "name", place, "\(namespace.quoted(limit: 80)) cannot be a namespace: only a-z, 0-9 and \"-\", at most 63")
      return nil
    }
    return Workload(namespace: namespace, name: name)
  }

  /// Says of a field that is understood and kept that nothing comes of it.
  private mutating func reportIdle(_ field: String, _ place: MappingPlace) {
    switch field {
    case "postRolloutHook", "slackChannel":
      report(.warning, "not-acted-on", place, "\(field) is kept, but nothing acts on it yet")
    case "container", "strategy":
      report(.info, "not-acted-on", place, "\(field) is kept; a restart does not depend on it")
    default: break
    }
  }
}
