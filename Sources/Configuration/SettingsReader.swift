import YAML

/// Reads one mapping of the configuration file member by member, and refuses what nobody asked for: a misspelt setting that is
/// silently ignored would be a default that nobody chose.
struct SettingsReader {
  private let file: String
  private let path: String
  private let node: YAMLNode
  private var asked: Set<String> = []

  init(file: String, path: String = "", _ node: YAMLNode) throws(SettingsError) {
    self.file = file
    self.path = path
    self.node = node
    guard node.members != nil || node.isNull else {
      throw .invalid(
        file: file, at: node.position, path: path.isEmpty ? "the file" : path, problem: "must be a mapping of settings")
    }
  }

  /// The names of the members, in order.
  var names: [String] { node.members?.map(\.name) ?? [] }

  mutating func value(_ name: String) -> YAMLNode? {
    asked.insert(name)
    guard let value = node(name), !value.isNull else { return nil }
    return value
  }

  mutating func section(_ name: String) throws(SettingsError) -> SettingsReader? {
    guard let value = value(name) else { return nil }
    return try SettingsReader(file: file, path: full(name), value)
  }

  /// A list of mappings; one mapping alone is a list of one.
  mutating func sections(_ name: String) throws(SettingsError) -> [SettingsReader]? {
    guard let value = value(name) else { return nil }
    guard let elements = value.members == nil ? value.elements : [value] else {
      throw problem(name, value, "must be a list of mappings")
    }
    var sections: [SettingsReader] = []
    for (number, element) in elements.enumerated() {
      sections.append(try SettingsReader(file: file, path: full("\(name)[\(number)]"), element))
    }
    return sections
  }

  /// Where a member stands, for messages about it.
  func node(_ name: String) -> YAMLNode? { node[name] ?? Self.readAs[name].flatMap { node[$0] } }

  /// What YAML makes of names without quotation marks: to Kubernetes' rules `on` is a boolean.
  private static let readAs = ["on": "true"]

  mutating func string(_ name: String) throws(SettingsError) -> String? {
    guard let value = value(name) else { return nil }
    guard let text = value.scalarText, !text.isEmpty else { throw problem(name, value, "must be a text") }
    return text
  }

  mutating func bool(_ name: String) throws(SettingsError) -> Bool? {
    guard let value = value(name) else { return nil }
    guard let bool = value.bool else { throw problem(name, value, "must be true or false") }
    return bool
  }

  mutating func int(_ name: String, in range: ClosedRange<Int>) throws(SettingsError) -> Int? {
    guard let value = value(name) else { return nil }
    guard let int = value.int, range.contains(int) else {
      throw problem(name, value, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return int
  }

  /// A duration such as `10s`, `250ms`, `5m` or `24h`.
  mutating func duration(_ name: String, in range: ClosedRange<Duration>) throws(SettingsError) -> Duration? {
    guard let value = value(name) else { return nil }
    guard let duration = value.scalarText.flatMap(Self.duration), range.contains(duration) else {
      throw problem(
        name, value, "must be a duration such as 10s, 250ms, 5m or 1h, from \(range.lowerBound) to \(range.upperBound)")
    }
    return duration
  }

  /// A list of texts; one text alone is a list of one.
  mutating func strings(_ name: String) throws(SettingsError) -> [String]? {
    guard let value = value(name) else { return nil }
    guard let elements = value.scalarText == nil ? value.elements : [value] else {
      throw problem(name, value, "must be a text or a list of texts")
    }
    var texts: [String] = []
    for element in elements {
      guard let text = element.scalarText, !text.isEmpty else { throw problem(name, element, "must be a list of texts") }
      texts.append(text)
    }
    return texts
  }

  /// Refuses members that no call has asked for.
  func finish() throws(SettingsError) {
    let known = asked.union(asked.compactMap { Self.readAs[$0] })
    for member in node.members ?? [] where !known.contains(member.name) {
      throw .invalid(
        file: file, at: member.position, path: full(member.name),
        problem: "there is no such setting; here stand \(asked.sorted().joined(separator: ", "))")
    }
  }

  func problem(_ name: String, _ node: YAMLNode?, _ text: String) -> SettingsError {
    .invalid(file: file, at: node?.position ?? self.node.position, path: full(name), problem: text)
  }

  private func full(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

  static func duration(_ text: String) -> Duration? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let count = Int64(digits), count < 1_000_000_000 else { return nil }
    switch text.dropFirst(digits.count) {
    case "ms": return .milliseconds(count)
    case "s", "": return .seconds(count)
    case "m": return .seconds(count * 60)
    case "h": return .seconds(count * 3600)
    default: return nil
    }
  }
}
