/// A number as it was written. JSON sets no bounds on numbers, so the text is kept and read when someone asks.
///
/// Equality compares the text: `1` and `1.0` differ.
package struct JSONNumber: Hashable, Sendable {
  /// The number as written, by the grammar of RFC 8259 section 6.
  package let text: String

  package init(_ value: Int64) { text = String(value) }

  package init(_ value: Int) { text = String(value) }

  /// - Returns: nil for infinities and NaN, which JSON cannot write.
  package init?(_ value: Double) {
    guard value.isFinite else { return nil }
    text = value.description
  }

  /// - Parameter text: must follow the grammar; a reader has checked it.
  init(checked text: String) { self.text = text }

  /// - Returns: nil where `text` does not follow the grammar of RFC 8259 section 6.
  package init?(text: String) {
    var reader: JSONReader
    do throws(JSONError) {
      reader = try JSONReader(Array(text.utf8))
      guard case .number(let number) = try reader.readValue(), number.text == text else { return nil }
      try reader.finish()
      self = number
    } catch { return nil }
  }

  /// The nearest double; infinite for what is larger than every double.
  package var double: Double { Double(text) ?? .nan }

  /// The value, where it is written as an integer and fits.
  package var int64: Int64? { Int64(text) }
}

extension JSONNumber: ExpressibleByIntegerLiteral {
  package init(integerLiteral value: Int64) { self.init(value) }
}

extension JSONNumber: CustomStringConvertible {
  package var description: String { text }
}
