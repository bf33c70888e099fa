import JSON

/// Why a YAML text cannot be used. The text does not know its file: whoever does puts the name in front of `description`.
package enum YAMLError: Error, Hashable, Sendable {
  /// Not YAML; the problem in libyaml's words.
  case syntax(problem: String, at: YAMLPosition)
  /// A key that its mapping already has. Kubernetes' own tools refuse it too, for one of the two values would be lost.
  case duplicateKey(String, at: YAMLPosition, first: YAMLPosition)
  /// A key that is no scalar, or is null.
  case unusableKey(at: YAMLPosition)
  /// An alias of an anchor that does not exist, or that is still open.
  case unknownAlias(String, at: YAMLPosition)
  /// A tag that is none of YAML's own for strings, numbers, booleans, null, sequences and mappings, or does not fit its value.
  case unusableTag(String, at: YAMLPosition)
  /// A number that JSON has no way to write: an infinity or NaN.
  case unusableNumber(String, at: YAMLPosition)
  /// A merge key `<<` whose value is neither a mapping nor a sequence of mappings.
  case unusableMerge(at: YAMLPosition)
  case tooDeep(limit: Int, at: YAMLPosition)
  case tooManyAliasedNodes(limit: Int, at: YAMLPosition)
  case tooLarge(count: Int, limit: Int)

  /// Where it happened. What is too large starts at 1:1.
  package var position: YAMLPosition {
    switch self {
    case .syntax(_, let position), .duplicateKey(_, let position, _), .unusableKey(let position), .unknownAlias(_, let position),
      .unusableTag(_, let position), .unusableNumber(_, let position), .unusableMerge(let position), .tooDeep(_, let position),
      .tooManyAliasedNodes(_, let position):
      position
    case .tooLarge: YAMLPosition(line: 1, column: 1)
    }
  }

  /// What is wrong and what to do, without the place.
  package var sentence: String {
    switch self {
    case .syntax(let problem, _): "not YAML: \(problem)"
    case .duplicateKey(let key, _, let first):
      "the key \(key.quoted(limit: 80)) is already on line \(first.line); remove one of them"
    case .unusableKey: "a key must be a string, a number or a boolean"
    case .unknownAlias(let name, _): "the alias \(("*" + name).quoted(limit: 80)) has no anchor before it"
    case .unusableTag(let tag, _): "the tag \(tag.quoted(limit: 80)) cannot be used here; remove it"
    case .unusableNumber(let text, _):
      "\(text.quoted(limit: 80)) is a number that JSON cannot write; quote it to make it a string"
    case .unusableMerge: "\"<<\" takes a mapping or a sequence of mappings; quote it to make it a key"
    case .tooDeep(let limit, _): "nested deeper than \(limit) levels"
    case .tooManyAliasedNodes(let limit, _): "the aliases stand for more than \(limit) nodes; write them out"
    case .tooLarge(let count, let limit): "the text has \(count) bytes; the limit is \(limit)"
    }
  }
}

extension YAMLError: CustomStringConvertible {
  /// `47:12: the key …`.
  package var description: String { "\(position): \(sentence)" }
}
