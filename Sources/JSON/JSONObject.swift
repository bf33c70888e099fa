/// The members of a JSON object in the order they were written. No two have the same name.
///
/// Equality ignores the order, as JSON does.
package struct JSONObject: Sendable {
  package typealias Member = (name: String, value: JSONValue)

  private var members: [Member]
  /// Where a name stands in `members`. Small objects do without: looking at a dozen names is quicker than hashing one.
  private var positions: [String: Int]?

  private static let indexedCount = 12

  package init() { members = [] }

  /// Later members replace earlier ones of the same name.
  package init(_ members: some Sequence<Member>) {
    self.init()
    for (name, value) in members { self[name] = value }
  }

  /// Members whose names the caller knows to be distinct, because they stand in its source.
  package init(distinct members: [Member]) {
    assert(Set(members.map(\.name)).count == members.count, "two members have the same name")
    self.members = members
    indexIfLarge()
  }

  package var count: Int { members.count }
  package var isEmpty: Bool { members.isEmpty }

  /// The names in order.
  package var names: [String] { members.map(\.name) }

  /// The member's value. Setting keeps the place of a member that exists and appends one that does not; nil removes it.
  package subscript(name: String) -> JSONValue? {
    get { position(of: name).map { members[$0].value } }
    set {
      switch (position(of: name), newValue) {
      case (let position?, let value?): members[position].value = value
      case (let position?, nil):
        members.remove(at: position)
        positions = nil
        indexIfLarge()
      case (nil, let value?): append(name, value)
      case (nil, nil): break
      }
    }
  }

  /// Appends a member unless the name is taken.
  /// - Returns: whether it was appended.
  package mutating func appendIfNew(_ name: String, _ value: JSONValue) -> Bool {
    guard position(of: name) == nil else { return false }
    append(name, value)
    return true
  }

  private mutating func append(_ name: String, _ value: JSONValue) {
    members.append((name, value))
    if positions == nil { indexIfLarge() } else if positions?[name] == nil { positions?[name] = members.count - 1 }
  }

  private func position(of name: String) -> Int? {
    if let positions {
      guard let position = positions[name] else { return nil }
      if Self.isSame(members[position].name, name) { return position }
    }
    return members.firstIndex { Self.isSame($0.name, name) }
  }

  /// Compares as bytes. String's own equality, which the index uses, is the faster one, but calls canonically equivalent spellings the
  /// same. JSON does not.
  private static func isSame(_ left: String, _ right: String) -> Bool { left == right && left.utf8.elementsEqual(right.utf8) }

  private mutating func indexIfLarge() {
    guard members.count > Self.indexedCount else { return }
    positions = Dictionary(members.enumerated().map { ($1.name, $0) }) { first, _ in first }
  }
}

extension JSONObject: Sequence {
  package func makeIterator() -> IndexingIterator<[Member]> { members.makeIterator() }
}

extension JSONObject: Hashable {
  package static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.count == right.count && left.members.allSatisfy { right[$0.name] == $0.value }
  }

  package func hash(into hasher: inout Hasher) {
    var sum = 0
    for (name, value) in members {
      var member = Hasher()
      member.combine(name)
      member.combine(value)
      sum &+= member.finalize()
    }
    hasher.combine(sum)
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    self.init(distinct: elements.map { (name: $0.0, value: $0.1) })
  }
}
