import JSON

/// Builds nodes from events: follows aliases, merges, refuses duplicate keys, and keeps the bounds.
struct YAMLComposer: ~Copyable {
  private struct Anchor {
    let node: YAMLNode
    /// How many nodes it is, itself included.
    let count: Int
    /// How many levels of collections it has.
    let height: Int
  }

  private let limits: YAMLLimits
  private var events: YAMLEventReader
  private var anchors: [String: Anchor] = [:]
  private var aliasedNodes = 0

  init(_ bytes: ArraySlice<UInt8>, firstLine: Int, limits: YAMLLimits) throws(YAMLError) {
    self.limits = limits
    events = try YAMLEventReader(bytes, firstLine: firstLine)
  }

  /// The next document that holds anything; nil at the end of the stream.
  mutating func nextDocument() throws(YAMLError) -> YAMLNode? {
    while true {
      switch try events.next().kind {
      case .streamEnd: return nil
      case .documentStart:
        anchors = [:]
        let root = try node(try events.next(), depth: 0)
        // What follows a `---` without content is not a document anyone wrote.
        if case .scalar("", .null) = root.node.content { continue }
        return root.node
      default: continue
      }
    }
  }

  private mutating func node(_ event: YAMLEvent, depth: Int) throws(YAMLError) -> Anchor {
    let position = event.position
    switch event.kind {
    case .alias(let name):
      guard let anchor = anchors[name] else { throw .unknownAlias(name, at: position) }
      aliasedNodes += anchor.count
      guard aliasedNodes <= limits.aliasedNodes else {
        throw .tooManyAliasedNodes(limit: limits.aliasedNodes, at: position)
      }
      guard depth + anchor.height <= limits.depth else { throw .tooDeep(limit: limits.depth, at: position) }
      return anchor
    case .scalar(let text, let isPlain, let anchor, let tag):
      let value = try Self.value(of: text, isPlain: isPlain, tag: tag, at: position)
      return keep(Anchor(node: YAMLNode(.scalar(text: text, value: value), at: position), count: 1, height: 0), as: anchor)
    case .sequenceStart(let anchor, let tag):
      try enter(depth, tag: tag, expected: "seq", at: position)
      return keep(try sequence(at: position, depth: depth + 1), as: anchor)
    case .mappingStart(let anchor, let tag):
      try enter(depth, tag: tag, expected: "map", at: position)
      return keep(try mapping(at: position, depth: depth + 1), as: anchor)
    case .documentStart, .documentEnd, .collectionEnd, .streamEnd:
      throw .syntax(problem: "a value is missing", at: position)
    }
  }

  private mutating func keep(_ anchor: Anchor, as name: String?) -> Anchor {
    if let name { anchors[name] = anchor }
    return anchor
  }

  private func enter(_ depth: Int, tag: String?, expected: String, at position: YAMLPosition) throws(YAMLError) {
    guard depth < limits.depth else { throw .tooDeep(limit: limits.depth, at: position) }
    if let tag, tag != "!", tag != Self.tagPrefix + expected { throw .unusableTag(Self.shortened(tag), at: position) }
  }

  private mutating func sequence(at position: YAMLPosition, depth: Int) throws(YAMLError) -> Anchor {
    var elements: [YAMLNode] = []
    var count = 1
    var height = 0
    while true {
      let event = try events.next()
      if case .collectionEnd = event.kind { break }
      let element = try node(event, depth: depth)
      elements.append(element.node)
      count += element.count
      height = max(height, element.height)
    }
    return Anchor(node: YAMLNode(.sequence(elements), at: position), count: count, height: height + 1)
  }

  private mutating func mapping(at position: YAMLPosition, depth: Int) throws(YAMLError) -> Anchor {
    var members: [YAMLMember] = []
    var positions: [String: YAMLPosition] = [:]
    var merged: [YAMLMember] = []
    var count = 1
    var height = 0
    while true {
      let event = try events.next()
      if case .collectionEnd = event.kind { break }
      let isMerge = if case .scalar("<<", isPlain: true, _, tag: nil) = event.kind { true } else { false }
      let key = try node(event, depth: depth)
      let value = try node(try events.next(), depth: depth)
      count += key.count + value.count
      height = max(height, value.height)
      if isMerge {
        merged += try Self.merge(value.node)
        continue
      }
      guard case .scalar(_, let keyValue) = key.node.content, let name = YAMLScalar.key(of: keyValue) else {
        throw .unusableKey(at: event.position)
      }
      if let first = positions.updateValue(event.position, forKey: name) {
        throw .duplicateKey(name, at: event.position, first: first)
      }
      members.append(YAMLMember(name: name, at: event.position, value: value.node))
    }
    // The mapping's own keys win over merged ones, and earlier merges over later ones.
    for member in merged where positions[member.name] == nil {
      positions[member.name] = member.position
      members.append(member)
    }
    return Anchor(node: YAMLNode(.mapping(members), at: position), count: count, height: height + 1)
  }

  private static func merge(_ node: YAMLNode) throws(YAMLError) -> [YAMLMember] {
    if let members = node.members { return members }
    guard let elements = node.elements else { throw .unusableMerge(at: node.position) }
    var members: [YAMLMember] = []
    for element in elements {
      guard let more = element.members else { throw .unusableMerge(at: element.position) }
      members += more
    }
    return members
  }

  private static let tagPrefix = "tag:yaml.org,2002:"

  private static func shortened(_ tag: String) -> String {
    tag.hasPrefix(tagPrefix) ? "!!" + tag.dropFirst(tagPrefix.count) : tag
  }

  private static func value(
    of text: String, isPlain: Bool, tag: String?, at position: YAMLPosition
  ) throws(YAMLError) -> JSONValue {
    switch tag {
    case nil where !isPlain, "!", tagPrefix + "str", tagPrefix + "timestamp": return .string(text)
    case nil:
      guard let value = YAMLScalar.value(of: text) else { throw .unusableNumber(text, at: position) }
      return value
    case tagPrefix + "int", tagPrefix + "float", tagPrefix + "bool", tagPrefix + "null":
      guard let value = YAMLScalar.value(of: text) else { throw .unusableNumber(text, at: position) }
      switch (tag, value) {
      case (tagPrefix + "int", .number(let number)) where number.int64 != nil: return value
      case (tagPrefix + "float", .number), (tagPrefix + "bool", .bool), (tagPrefix + "null", .null): return value
      default: throw .unusableTag(shortened(tag ?? ""), at: position)
      }
    case let tag?: throw .unusableTag(shortened(tag), at: position)
    }
  }
}
