/// A place in a YAML text, as editors count: the first line is 1, and so is the first column. Columns count characters.
package struct YAMLPosition: Hashable, Comparable, Sendable {
  package var line: Int
  package var column: Int

  package init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  package static func < (left: YAMLPosition, right: YAMLPosition) -> Bool {
    (left.line, left.column) < (right.line, right.column)
  }
}

extension YAMLPosition: CustomStringConvertible {
  /// `47:12`.
  package var description: String { "\(line):\(column)" }
}
