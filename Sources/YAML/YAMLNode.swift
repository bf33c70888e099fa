package import JSON

/// A node of a YAML document, and where it stands.
///
/// Aliases and merge keys (`<<`) are already followed: their nodes keep the positions of what they stand for.
package struct YAMLNode: Hashable, Sendable {
  package enum Content: Hashable, Sendable {
    /// - Parameters:
    ///   - text: the scalar as it reads, without quotation marks.
    ///   - value: what it means by Kubernetes' rules: a string, number, boolean or null.
    case scalar(text: String, value: JSONValue)
    case sequence([YAMLNode])
    case mapping([YAMLMember])
  }

  package let position: YAMLPosition
  package let content: Content

  package init(_ content: Content, at position: YAMLPosition) {
    self.content = content
    self.position = position
  }

  /// The value of the member; nil where there is none, or where this is no mapping.
  package subscript(name: String) -> YAMLNode? { member(name)?.value }

  /// The element; nil where there is none, or where this is no sequence.
  package subscript(index: Int) -> YAMLNode? { elements.flatMap { $0.indices.contains(index) ? $0[index] : nil } }

  /// The member with its key's own position.
  package func member(_ name: String) -> YAMLMember? { members?.first { $0.name == name } }

  /// The members in order; nil where this is no mapping.
  package var members: [YAMLMember]? {
    guard case .mapping(let members) = content else { return nil }
    return members
  }

  /// nil where this is no sequence.
  package var elements: [YAMLNode]? {
    guard case .sequence(let elements) = content else { return nil }
    return elements
  }

  /// The text of a string; nil for numbers, booleans, null and collections.
  package var string: String? { scalarValue?.string }

  package var bool: Bool? { scalarValue?.bool }

  /// The value of a whole number that fits.
  package var int: Int? { scalarValue?.int }

  package var isNull: Bool { scalarValue == .null }

  /// The text of any scalar as it was written: `1.50`, `yes`, `~`. What a setting that takes words and numbers alike wants.
  package var scalarText: String? {
    guard case .scalar(let text, _) = content else { return nil }
    return text
  }

  /// What an error message calls this.
  package var kind: JSONKind {
    switch content {
    case .scalar(_, let value): value.kind
    case .sequence: .array
    case .mapping: .object
    }
  }

  /// The node as `kubectl` would send it to the API server.
  package var json: JSONValue {
    switch content {
    case .scalar(_, let value): value
    case .sequence(let elements): .array(elements.map(\.json))
    case .mapping(let members): .object(JSONObject(members.map { (name: $0.name, value: $0.value.json) }))
    }
  }

  private var scalarValue: JSONValue? {
    guard case .scalar(_, let value) = content else { return nil }
    return value
  }
}

/// A key and its value in a YAML mapping.
package struct YAMLMember: Hashable, Sendable {
  /// The key as a string: `on:` is the boolean true and so becomes `true`, as Kubernetes reads it.
  package let name: String
  /// Where the key stands.
  package let position: YAMLPosition
  package let value: YAMLNode

  package init(name: String, at position: YAMLPosition, value: YAMLNode) {
    self.name = name
    self.position = position
    self.value = value
  }
}
