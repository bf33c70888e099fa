package import Sensors
package import Targets

/// One state of the rules and the mapping, read together. Whatever works with it works with all of it: an update is another
/// generation, never a change of this one.
package struct Generation: Sendable {
  package let rules: RuleSet
  package let mapping: Mapping
  /// What the linter says, each line with file, line and column.
  package let problems: [Problem]

  /// One line of the linter.
  package struct Problem: Hashable, Sendable, CustomStringConvertible {
    package enum Severity: String, Sendable {
      /// What the file says there does not count.
      case error
      /// It counts, but not as real Argo would read it, or not as its author may think.
      case warning
      /// Worth knowing.
      case info
    }

    package let severity: Severity
    package let description: String
    /// The path of the file that it is about; nil where it is about a directory.
    package let file: String?

    package init(_ severity: Severity, _ description: String, in file: String? = nil) {
      self.severity = severity
      self.description = description
      self.file = file
    }
  }

  /// Names the generation in every decision: another name, another content of the rules or of the mapping.
  package var name: String { rules.generation }

  /// - Parameters:
  ///   - rules: the files of the rules' directory.
  ///   - mapping: the files of the mapping's directory.
  package init(rules ruleFiles: [MountedFile], mapping mappingFiles: [MountedFile]) {
    let (rules, diagnostics) = RuleSet.load(
      files: ruleFiles.map { RuleFile(name: $0.name, bytes: $0.bytes, path: $0.path) },
      mapping: mappingFiles.map { RuleFile(name: $0.name, bytes: $0.bytes, path: $0.path) })
    let (mapping, mappingDiagnostics) = Mapping.load(
      files: mappingFiles.map { ($0.path, $0.bytes) }, configMaps: rules.configMaps.map { ($0.file, $0.document) })
    self.rules = rules
    self.mapping = mapping
    self.problems =
      diagnostics.map { Problem(Problem.Severity(rawValue: $0.severity.rawValue) ?? .error, "\($0)", in: $0.file) }
      + mappingDiagnostics.map { Problem(Problem.Severity(rawValue: $0.severity.rawValue) ?? .error, "\($0)", in: $0.place.file) }
  }

  private init(rules: RuleSet, mapping: Mapping, problems: [Problem]) {
    self.rules = rules
    self.mapping = mapping
    self.problems = problems
  }

  /// The same rules and mapping, of which something else is said.
  func with(problems: [Problem]) -> Generation { Generation(rules: rules, mapping: mapping, problems: problems) }

  /// What to say of rules that want no push at all; nil where there is a Sensor, or another error says why there is none.
  /// - Parameter directory: where they are.
  package func emptiness(of directory: String) -> Problem? {
    guard rules.sensors.isEmpty, count(.error) == 0 else { return nil }
    return Problem(
      .error,
      "\(directory): error: there is no Sensor in it, so no push restarts anything; rules are EventSource, Sensor and "
        + "WorkflowTemplate documents")
  }

  /// How many problems are as severe as `severity`.
  package func count(_ severity: Problem.Severity) -> Int { problems.count { $0.severity == severity } }

  /// Whether something that the file at `path` says does not count.
  func hasError(in path: String) -> Bool { problems.contains { $0.severity == .error && $0.file == path } }
}
