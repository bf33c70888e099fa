/// `parameters[].dest`, as far as it leads to an argument of the Workflow.
enum ParameterDestination: Hashable, Sendable {
  /// `spec.arguments.parameters.0.value`: a position in the resource's own list.
  case index(Int)
  /// `parameters.NAME`, `spec.arguments.parameters.NAME` and `spec.arguments.parameters.#(name=="NAME").value`.
  case name(String)
  /// `argoWorkflow.args.1`
  case option(Int)
  /// Something that changes nothing when the restart runs here: names, labels, annotations of the Workflow.
  case withoutEffect
  case unsupported

  /// - Parameter isTriggerLevel: whether `dest` is relative to the trigger's template instead of the resource.
  init(_ dest: String, isTriggerLevel: Bool) {
    var path = dest[...]
    if isTriggerLevel {
      if let index = Self.dropping("argoWorkflow.args.", from: path).flatMap({ Int($0) }) {
        self = index >= 0 ? .option(index) : .unsupported
        return
      }
      let resource = ["argoWorkflow.source.resource.", "k8s.source.resource."].lazy.compactMap { Self.dropping($0, from: path) }
        .first
      guard let resource else {
        self = .unsupported
        return
      }
      path = resource
    }
    self = Self.argument(path) ?? (Self.changesNothing(path) ? .withoutEffect : .unsupported)
  }

  private static func argument(_ path: Substring) -> ParameterDestination? {
    if let rest = dropping("spec.arguments.parameters.", from: path) {
      if let query = dropping("#(name==\"", from: rest), let end = query.firstRange(of: "\")") {
        return query[end.upperBound...] == ".value" ? .name(String(query[..<end.lowerBound])) : .unsupported
      }
      return member(rest)
    }
    return dropping("parameters.", from: path).flatMap(member)
  }

  /// `NAME`, `NAME.value`, `0` or `0.value`.
  private static func member(_ rest: Substring) -> ParameterDestination {
    let name = rest.hasSuffix(".value") ? rest.dropLast(6) : rest
    if let index = Int(name) { return index >= 0 && rest.hasSuffix(".value") ? .index(index) : .unsupported }
    return name.isEmpty || name.contains(".") || name.contains("#") ? .unsupported : .name(String(name))
  }

  private static func changesNothing(_ path: Substring) -> Bool {
    ["metadata.name", "metadata.generateName"].contains(path) || path.hasPrefix("metadata.labels.")
      || path.hasPrefix("metadata.annotations.")
  }

  private static func dropping(_ prefix: String, from path: Substring) -> Substring? {
    path.hasPrefix(prefix) ? path.dropFirst(prefix.count) : nil
  }
}
