extension String {
  /// The text as an error message quotes foreign input: in quotation marks, control characters and invisible ones escaped, cut
  /// so that at most `limit` bytes stand between the marks.
  package func quoted(limit: Int) -> String {
    var quoted = "\""
    var room = limit
    for scalar in unicodeScalars {
      let isPlain = scalar.value >= 0x20 && scalar.properties.isDefaultIgnorableCodePoint == false && !Self.isControl(scalar)
      let piece = isPlain && scalar != "\"" ? String(scalar) : scalar == "\"" ? "\\\"" : "\\u{\(String(scalar.value, radix: 16))}"
      guard piece.utf8.count <= room else { return quoted + "\"…" }
      room -= piece.utf8.count
      quoted += piece
    }
    return quoted + "\""
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
    default: false
    }
  }
}
