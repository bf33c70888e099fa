/// A gjson path, compiled once: what the `path`, `dataKey` and `contextKey` of a Sensor are.
///
/// Understood are names separated by dots (`\` takes the next character as itself), the wildcards `*` and `?` in names, array
/// indices, `#` (the length), `#.k` (that of every element), `#(k=="v")` (the first match), `#(k=="v")#` (all matches) with
/// `== != < <= > >= % !%`, and `|`. Modifiers (`@…`), multipaths (`[…]`, `{…}`), literals (`!…`) and JSON lines (`..`) are refused.
package struct JSONPath: Hashable, Sendable {
  indirect enum Step: Hashable, Sendable {
    case name(String)
    case wildcard(Wildcard)
    /// `#`: the length, or with steps after it the collection of what they find in each element.
    case each
    case query(JSONQuery)
  }

  /// The path as it was written.
  package let text: String
  /// The parts between pipes. Within one, what follows `#` applies to each element; after a pipe, to the collection.
  private let stages: [[Step]]

  package init(_ text: String) throws(JSONPathError) { try self.init(text, nesting: 0) }

  init(_ text: String, nesting: Int) throws(JSONPathError) {
    var compiler = JSONPathCompiler(text, nesting: nesting)
    self.text = text
    stages = try compiler.stages()
  }

  /// What the path leads to; nil where the value has no such place.
  package func value(in value: JSONValue) -> JSONValue? {
    var value = value
    for stage in stages {
      guard let found = Self.find(stage[...], in: value) else { return nil }
      value = found
    }
    return value
  }

  private static func find(_ steps: ArraySlice<Step>, in value: JSONValue) -> JSONValue? {
    guard let step = steps.first else { return value }
    let rest = steps.dropFirst()
    switch (step, value) {
    case (.name(let name), .object(let object)): return object[name].flatMap { find(rest, in: $0) }
    case (.name(let name), .array(let elements)): return index(name, in: elements).flatMap { find(rest, in: elements[$0]) }
    case (.wildcard(let wildcard), .object(let object)):
      // The first member that leads somewhere, not the first that matches: gjson goes on looking too.
      for (name, value) in object where wildcard.matches(name) {
        if let found = find(rest, in: value) { return found }
      }
      return nil
    case (.each, .object(let object)): return object["#"].flatMap { find(rest, in: $0) }
    case (.each, .array(let elements)):
      return rest.isEmpty ? .number(JSONNumber(elements.count)) : .array(elements.compactMap { find(rest, in: $0) })
    case (.query(let query), .array(let elements)):
      let matches = elements.lazy.filter(query.matches)
      return query.isAll ? .array(matches.compactMap { find(rest, in: $0) }) : matches.first.flatMap { find(rest, in: $0) }
    default: return nil
    }
  }

  private static func index(_ name: String, in elements: [JSONValue]) -> Int? {
    guard !name.isEmpty, name.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(name).flatMap { elements.indices.contains($0) ? $0 : nil }
  }
}

extension JSONPath: CustomStringConvertible {
  package var description: String { text }
}
