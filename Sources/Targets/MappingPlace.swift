/// Where something stands in a mapping: file, line and column, both counted from 1.
///
/// What stands inside a string of a ConfigMap document has the place of that string.
package struct MappingPlace: Hashable, Sendable, CustomStringConvertible {
  package let file: String
  package let line: Int
  package let column: Int

  package init(file: String, line: Int = 1, column: Int = 1) {
    self.file = file
    self.line = line
    self.column = column
  }

  package var description: String { "\(file):\(line):\(column)" }
}
