/// Rows under headings, columns as wide as their longest cell: what a person reads in a terminal.
struct TextTable {
  private let headings: [String]
  private var rows: [[String]] = []

  init(_ headings: String...) { self.headings = headings }

  /// - Parameter cells: one for each heading, shown `plain`.
  mutating func add(_ cells: String...) { rows.append(cells.map(Self.plain)) }

  var text: String {
    let all = [headings] + rows
    let widths = headings.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    return all.map { row in
      let cells = row.enumerated().map { column, cell in
        column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
      }
      return cells.joined(separator: "  ") + "\n"
    }.joined()
  }

  /// The text with `?` for what is not to be seen: what a stranger wrote must neither move the cursor of whoever reads it nor turn
  /// the direction of the line.
  static func plain(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { isUnseen($0.properties.generalCategory) ? "?" : $0 }))
  }

  private static func isUnseen(_ category: Unicode.GeneralCategory) -> Bool {
    switch category {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}
