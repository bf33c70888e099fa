/// A pattern of gjson: `*` stands for any characters, `?` for one, and a backslash takes the next character as itself.
struct Wildcard: Hashable, Sendable {
  private enum Unit: Hashable, Sendable {
    case any
    case one
    case scalar(Unicode.Scalar)
  }

  private var units: [Unit] = []

  init(_ pattern: String) {
    var isEscaped = false
    for scalar in pattern.unicodeScalars {
      switch scalar {
      case _ where isEscaped:
        units.append(.scalar(scalar))
        isEscaped = false
      case "\\": isEscaped = true
      case "*": if units.last != .any { units.append(.any) }
      case "?": units.append(.one)
      default: units.append(.scalar(scalar))
      }
    }
  }

  /// Whether the whole text fits. Takes time in proportion to text × pattern at worst.
  func matches(_ text: String) -> Bool {
    let text = Array(text.unicodeScalars)
    var position = 0
    var unit = 0
    // Where to go on when the guess about how much the last `*` covers was wrong: one character further.
    var retry: (unit: Int, position: Int)?
    while position < text.count {
      if unit < units.count, units[unit] == .any {
        unit += 1
        retry = (unit, position)
      } else if unit < units.count, units[unit] == .one || units[unit] == .scalar(text[position]) {
        unit += 1
        position += 1
      } else if let (start, covered) = retry {
        unit = start
        position = covered + 1
        retry = (start, covered + 1)
      } else {
        return false
      }
    }
    return units[unit...].allSatisfy { $0 == .any }
  }
}
