import JSON
import YAML

/// A YAML value and where it stands: the place a diagnostic about it names.
struct Node: Sendable {
  let yaml: YAMLNode
  private let position: YAMLPosition

  init(_ yaml: YAMLNode) {
    self.yaml = yaml
    position = yaml.position
  }

  /// A node whose diagnostics point elsewhere, as at the key in front of it.
  private init(_ yaml: YAMLNode, at position: YAMLPosition) {
    self.yaml = yaml
    self.position = position
  }

  /// The documents of one file; those that cannot be read are reported and left out.
  static func documents(_ bytes: [UInt8], _ report: Report) -> [Node] {
    let (documents, errors) = YAMLStream.parseEach(bytes)
    for error in errors {
      report.invalid("yaml", Node(YAMLNode(.mapping([]), at: error.position)), error.sentence)
    }
    return documents.map { Node($0) }
  }

  var line: Int { position.line }
  var column: Int { position.column }

  var isNull: Bool { yaml.isNull }
  var isMapping: Bool { yaml.members != nil }

  /// What a message calls the node: `a string`, `a list`.
  var kindName: String {
    switch yaml.kind {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "a list"
    case .object: "a mapping"
    }
  }

  subscript(key: String) -> Node? { yaml[key].map { Node($0) } }

  /// The text of a string, never of a number or a boolean.
  var string: String? { yaml.string }

  var bool: Bool? { yaml.bool }

  /// A whole number that fits.
  var int: Int? { yaml.int }

  /// Any scalar as the text Argo makes of it: `1.50` is "1.5", `true` is "true".
  var scalarText: String? {
    switch yaml.kind {
    case .string, .number, .bool: yaml.json.gjsonText
    case .null, .array, .object: nil
    }
  }

  var items: [Node]? { yaml.elements?.map { Node($0) } }

  /// The keys of a mapping, each with a node that stands where the key does.
  var keys: [(name: String, node: Node)] { (yaml.members ?? []).map { ($0.name, Node($0.value, at: $0.position)) } }

  /// A node that stands where the key does; nil where there is no such key.
  func keyNode(_ name: String) -> Node? { yaml.member(name).map { Node($0.value, at: $0.position) } }
}
