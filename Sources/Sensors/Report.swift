/// Collects what is found while the documents of one file are read.
///
/// It is a class because readers nested many levels deep add to the same list; it lives only as long as the load.
final class Report {
  let file: String
  private(set) var diagnostics: [Diagnostic] = []
  private var problems: [String] = []

  init(file: String) { self.file = file }

  /// Reports something that makes the part being read inactive.
  func invalid(_ code: String, _ node: Node, _ message: String, fix: String? = nil) {
    problems.append(message)
    add(.error, code, node, message, fix)
  }

  /// Reports something that cannot work as written, in a part that Argo would start all the same.
  func error(_ code: String, _ node: Node, _ message: String, fix: String? = nil) { add(.error, code, node, message, fix) }

  func warning(_ code: String, _ node: Node, _ message: String, fix: String? = nil) { add(.warning, code, node, message, fix) }

  func info(_ code: String, _ node: Node, _ message: String, fix: String? = nil) { add(.info, code, node, message, fix) }

  /// Runs `body` and returns the first message it reported as making its part inactive.
  func problem(during body: () -> Void) -> String? {
    let before = problems.count
    body()
    return problems.count > before ? problems[before] : nil
  }

  private func add(_ severity: Diagnostic.Severity, _ code: String, _ node: Node, _ message: String, _ fix: String?) {
    let found = Diagnostic(
      severity: severity, code: code, file: file, line: node.line, column: node.column, message: message, fix: fix)
    diagnostics.append(found)
  }
}
