/// Something worth telling the author of a mapping: where it is, what it means here, and what to write instead.
///
/// Printed as compilers do: `mapping.yaml:47:3: warning: …`.
package struct MappingDiagnostic: Hashable, Sendable, CustomStringConvertible {
  package enum Severity: String, Sendable {
    /// What is named is left out of the mapping.
    case error
    /// It works, but probably does not do what its author meant.
    case warning
    /// Worth knowing.
    case info
  }

  package let severity: Severity
  /// `B4.1` and the like for differences from what Kubernetes accepts; a word of our own otherwise, as `unknown-field`.
  package let code: String
  package let place: MappingPlace
  package let message: String

  package init(_ severity: Severity, _ code: String, _ place: MappingPlace, _ message: String) {
    self.severity = severity
    self.code = code
    self.place = place
    self.message = message
  }

  package var description: String { "\(place): \(severity): \(message) [\(code)]" }
}
