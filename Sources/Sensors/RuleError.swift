import JSON

/// What can be wrong with a value that becomes part of a rule.
///
/// Documents are never refused by throwing: what is wrong with them is a list of `Diagnostic`.
package enum RuleError: Error, Equatable, CustomStringConvertible {
  /// A regular expression RE2 does not accept, and RE2's words for why.
  case pattern(String, String)

  /// A journaled firing that cannot be read back, and which member is missing or wrong.
  case firing(String)

  package var description: String {
    switch self {
    case .pattern(let text, let reason):
      "the regular expression \(text.quoted(limit: 80)) is not valid RE2: \(reason.escaped(limit: 120))"
    case .firing(let reason):
      "the journaled firing cannot be read: \(reason); it was written by another version, so replay the event instead"
    }
  }
}
