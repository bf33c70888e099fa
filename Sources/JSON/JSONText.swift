/// Where a string stands in the bytes of a `JSONReader`. It holds no text, so taking one costs nothing.
package struct JSONText: Hashable, Sendable {
  /// The bytes between the quotation marks, counted from the start of the input.
  package let range: Range<Int>
  /// Whether the bytes are escaped, so that they are not the text itself.
  package let hasEscapes: Bool
}
