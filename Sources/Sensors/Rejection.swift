/// Why a trigger does not want an event.
package struct Rejection: Hashable, Sendable, CustomStringConvertible {
  /// What refused it: a filter (`data`, `context`, `filters`), the `body` or the `action` of the message, its `binding`, or the
  /// `trigger` itself where that is not active.
  package let clause: String

  /// The path the clause looks at, as its author wrote it.
  package let path: String?

  /// What the event has there, cut at 80 bytes; nil when there is nothing.
  package let actual: String?

  /// What the clause wants: the comparator and the values.
  package let wanted: String?

  /// Why the clause could not be decided, where it could not.
  package let problem: String?

  package static let actualBytesLimit = 80

  package init(clause: String, path: String? = nil, actual: String? = nil, wanted: String? = nil, problem: String? = nil) {
    self.clause = clause
    self.path = path
    self.actual = actual.map { $0.escaped(limit: Self.actualBytesLimit) }
    self.wanted = wanted
    self.problem = problem
  }

  package var description: String {
    var text = "\(clause) filter"
    if path == nil, wanted == nil { text = clause }
    if let path { text += " on \(path)" }
    if let problem { return text + ": \(problem)" }
    if let wanted { text += ": wanted \(wanted)" }
    return text + (actual.map { ", got \"\($0)\"" } ?? "")
  }
}
