import JSON

/// What a plain scalar means by Kubernetes' rules: YAML 1.1 as sigs.k8s.io/yaml reads it.
///
/// Base 60 numbers and timestamps stay strings there, and so here.
enum YAMLScalar {
  /// - Returns: nil for infinities and NaN.
  static func value(of text: String) -> JSONValue? {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON": return true
    case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF": return false
    case ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF": return nil
    default: break
    }
    guard let first = text.utf8.first else { return .string(text) }
    switch first {
    case UInt8(ascii: "."): return double(text).map(json) ?? .string(text)
    case UInt8(ascii: "+"), UInt8(ascii: "-"), 0x30...0x39:
      let plain = text.filter { $0 != "_" }
      if let integer = integer(plain) { return .number(integer) }
      return double(plain).map(json) ?? .string(text)
    default: return .string(text)
    }
  }

  /// The text of a key: booleans and numbers become strings.
  /// - Returns: nil for null.
  static func key(of value: JSONValue) -> String? {
    switch value {
    case .string(let text): text
    case .bool(let value): String(value)
    case .number(let number): number.text
    case .null, .array, .object: nil
    }
  }

  /// `12`, `-0x1F`, `0b11`, `0o17` and `017`.
  private static func integer(_ text: String) -> JSONNumber? {
    var digits = Substring(text)
    let isNegative = digits.hasPrefix("-")
    if isNegative || digits.hasPrefix("+") { digits = digits.dropFirst() }
    var radix = 10
    if digits.hasPrefix("0"), digits.count > 1 {
      digits = digits.dropFirst()
      switch digits.first {
      case "x", "X": radix = 16
      case "b", "B": radix = 2
      case "o", "O": radix = 8
      default: radix = 8
      }
      if digits.first?.isLetter == true { digits = digits.dropFirst() }
    }
    // The initializers below would take a second sign.
    guard let first = digits.utf8.first, first != UInt8(ascii: "-"), first != UInt8(ascii: "+") else { return nil }
    if isNegative { return Int64("-" + digits, radix: radix).map { JSONNumber($0) } }
    return UInt64(digits, radix: radix).flatMap { JSONNumber(text: String($0)) }
  }

  /// `1.5`, `.5`, `1.`, `1e3`: what YAML calls a float, never the hexadecimal forms and words that `Double` also reads.
  private static func double(_ text: String) -> Double? {
    var bytes = Substring(text).utf8
    func skipDigits() -> Int {
      let digits = bytes.prefix { (0x30...0x39).contains($0) }.count
      bytes = bytes.dropFirst(digits)
      return digits
    }
    func skip(_ marks: String) -> Bool {
      guard let byte = bytes.first, marks.utf8.contains(byte) else { return false }
      bytes = bytes.dropFirst()
      return true
    }
    _ = skip("+-")
    let whole = skipDigits()
    let fraction = skip(".") ? skipDigits() : 0
    guard whole + fraction > 0 else { return nil }
    if skip("eE") {
      _ = skip("+-")
      guard skipDigits() > 0 else { return nil }
    }
    guard bytes.isEmpty else { return nil }
    // Swift reads "1." and ".5" only with digits on both sides. What no double can hold stays a string.
    return Double(text.replacingDots).flatMap { $0.isFinite ? $0 : nil }
  }

  /// Whole numbers without a fraction, as Go writes them: `1e3` is 1000.
  private static func json(_ value: Double) -> JSONValue {
    if value.magnitude < 1e18, let whole = Int64(exactly: value) { return .number(JSONNumber(whole)) }
    return JSONNumber(value).map(JSONValue.number) ?? .null
  }
}

extension String {
  /// `.5` as `0.5` and `1.e3` as `1.0e3`.
  fileprivate var replacingDots: String {
    guard let dot = firstIndex(of: ".") else { return self }
    let before = self[..<dot]
    let after = self[index(after: dot)...]
    let head = before.last?.isNumber == true ? String(before) : before + "0"
    let tail = after.first?.isNumber == true ? String(after) : "0" + after
    return head + "." + tail
  }
}
