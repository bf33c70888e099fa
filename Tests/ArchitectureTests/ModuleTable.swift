/// The table of targets in ARCHITECTURE.md, which is the truth about who may import whom.
struct ModuleTable {
  struct Row {
    let target: String
    /// Our targets and the libraries' modules that the target may import.
    let imports: Set<String>
  }

  let rows: [Row]

  /// Rows look like "| `JOSE` | what it is for | `OpenSSL`, `JSON` |"; several targets may share one.
  init(markdown: String) {
    rows = markdown.split(separator: "\n").filter { $0.hasPrefix("| `") }.flatMap { line in
      let cells = line.split(separator: "|", omittingEmptySubsequences: false).map { String($0) }
      guard cells.count == 5 else { return [Row]() }
      return Self.names(cells[1]).map { Row(target: $0, imports: Set(Self.names(cells[3]))) }
    }
  }

  static func load() throws -> ModuleTable { ModuleTable(markdown: try Repository.text("ARCHITECTURE.md")) }

  subscript(target: String) -> Row? { rows.first { $0.target == target } }

  private static func names(_ cell: String) -> [String] { cell.matches(of: /`([A-Za-z0-9_]+)`/).map { String($0.output.1) } }
}
