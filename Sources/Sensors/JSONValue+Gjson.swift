import JSON

/// How gjson turns a value into a text, a number or a truth value, as Argo's filters and parameters see it.
extension JSONValue {
  /// Integers keep their digits, other numbers are written in the shortest form, null is the empty text, objects and arrays are
  /// JSON.
  var gjsonText: String {
    switch self {
    case .null: ""
    case .bool(let value): value ? "true" : "false"
    case .string(let text): text
    case .number(let number): number.gjsonText
    case .array, .object: text()
    }
  }

  /// Texts that are numbers parse; every other text, null, objects and arrays are 0.
  var gjsonDouble: Double {
    switch self {
    case .number(let number): number.double
    case .string(let text): GoText.float(text) ?? 0
    case .bool(let value): value ? 1 : 0
    case .null, .array, .object: 0
    }
  }

  /// Numbers other than 0 are true, and so are the texts Go reads as true.
  var gjsonBool: Bool {
    switch self {
    case .bool(let value): value
    case .string(let text): GoText.bool(text.lowercased()) ?? false
    case .number(let number): number.double != 0
    case .null, .array, .object: false
    }
  }
}

extension JSONNumber {
  /// Integers verbatim; the rest as Go formats a float with `'f', -1`: without exponent.
  var gjsonText: String {
    if text.utf8.allSatisfy({ (48...57).contains($0) || $0 == 45 }) { return text }
    let value = double
    guard value.isFinite else { return text }
    return GoText.plainDecimal(value)
  }
}
