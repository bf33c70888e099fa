/// A mapping of a document, read field by field.
///
/// A field of the wrong type is reported as Kubernetes would refuse it and reads as absent. Fields that no reader knows are
/// dropped by Argo without a word; here each is a warning with a guess at what was meant.
struct Fields {
  let node: Node

  /// Where the mapping stands, as `spec.dependencies[0]`.
  let path: String

  let report: Report

  /// Reads `node` as a mapping; nil, and reported, when it is something else. A null counts as an empty mapping.
  init?(_ node: Node, path: String, report: Report) {
    guard node.isMapping || node.isNull else {
      report.invalid("wrong-type", node, "\(path.isEmpty ? "the document" : path) must be a mapping, not \(node.kindName)")
      return nil
    }
    self.node = node
    self.path = path
    self.report = report
  }

  /// The value of `key`; nil when it is absent or null.
  func value(_ key: String) -> Node? {
    guard let value = node[key], !value.isNull else { return nil }
    return value
  }

  /// The text of `key`, which must be a string.
  func text(_ key: String) -> String? {
    guard let value = value(key) else { return nil }
    if let text = value.string { return text }
    report.invalid(
      "wrong-type", value, "\(join(key)) must be a string, not \(value.kindName)", fix: "put it in quotes")
    return nil
  }

  /// The text of `key` where any scalar will do: Argo's AnyString.
  func anyText(_ key: String) -> String? {
    guard let value = value(key) else { return nil }
    if let text = value.scalarText { return text }
    report.invalid("wrong-type", value, "\(join(key)) must be a string, not \(value.kindName)")
    return nil
  }

  func flag(_ key: String) -> Bool? {
    guard let value = value(key) else { return nil }
    if let flag = value.bool { return flag }
    report.invalid("wrong-type", value, "\(join(key)) must be true or false, not \(value.kindName)")
    return nil
  }

  func mapping(_ key: String) -> Fields? {
    guard let value = value(key) else { return nil }
    return Fields(value, path: join(key), report: report)
  }

  /// The elements of `key`; nil when it is absent or not a list.
  func list(_ key: String) -> [Node]? {
    guard let value = value(key) else { return nil }
    if let items = value.items { return items }
    report.invalid("wrong-type", value, "\(join(key)) must be a list, not \(value.kindName)", fix: "begin it with \"- \"")
    return nil
  }

  /// The elements of `key`, each a mapping; the others are reported and left out.
  func mappings(_ key: String) -> [Fields] {
    (list(key) ?? []).enumerated().compactMap { Fields($1, path: "\(join(key))[\($0)]", report: report) }
  }

  /// The elements of `key`, each a string; the others are reported and left out.
  func texts(_ key: String) -> [String]? {
    list(key)?.enumerated().compactMap { index, item in
      if let text = item.string { return text }
      report.invalid(
        "wrong-type", item, "\(join(key))[\(index)] must be a string, not \(item.kindName)", fix: "put it in quotes")
      return nil
    }
  }

  /// Warns of each field that is not in `known`.
  func warnUnknown(_ known: Set<String>) {
    for (key, keyNode) in node.keys where !known.contains(key) {
      let guess = Spelling.nearest(to: key, among: known).map { "did you mean \($0)?" }
      report.warning("unknown-field", keyNode, "\(join(key)) is not a field; Argo drops it without a word", fix: guess)
    }
  }

  /// Where a field of this mapping stands.
  func join(_ key: String) -> String { path.isEmpty ? key : path + "." + key }
}
