/// Something worth telling the author of a rule document: where it is, what it means here, and what to write instead.
///
/// Printed as compilers do: `sensor.yaml:47:22: error: …`.
package struct Diagnostic: Hashable, Sendable, CustomStringConvertible {
  package enum Severity: String, Sendable {
    /// What is named cannot work as written. Unless the message says otherwise, the part of the document it stands in is
    /// inactive.
    case error
    /// It works, but probably does not mean what its author meant.
    case warning
    /// A difference from Argo that was understood and allowed for.
    case info
  }

  package let severity: Severity

  /// `B2.4` and the like for constructs of the seed dialect; a word of our own otherwise, as `unknown-field`.
  package let code: String

  package let file: String

  /// Line and column, both counted from 1.
  package let line: Int
  package let column: Int

  package let message: String

  /// What to write instead, where that is known.
  package let fix: String?

  package init(
    severity: Severity, code: String, file: String, line: Int, column: Int, message: String, fix: String? = nil
  ) {
    self.severity = severity
    self.code = code
    self.file = file
    self.line = line
    self.column = column
    self.message = message
    self.fix = fix
  }

  package var description: String {
    "\(file):\(line):\(column): \(severity): \(message)\(fix.map { "; \($0)" } ?? "") [\(code)]"
  }
}
