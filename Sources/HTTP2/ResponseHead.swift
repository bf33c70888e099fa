import HTTP

/// The head of a response as its fields come, RFC 9113 section 8.3.2, or the trailers after it. The library has checked them as it has
/// those of a request.
struct ResponseHead {
  private(set) var status: Int?
  private(set) var fields = HTTPFields()
  private var sectionBytes = 0

  /// - Returns: what stands against the response, if anything does.
  mutating func append(
    _ name: Span<UInt8>, _ value: Span<UInt8>, fieldCountLimit: Int, fieldSectionBytesLimit: Int
  ) -> HTTP2StreamError? {
    sectionBytes += name.count + value.count + 32
    guard sectionBytes <= fieldSectionBytesLimit, fields.count < fieldCountLimit else { return .headTooLarge }
    guard !name.isEmpty, HTTP1Syntax.isFieldContent(value) else { return .malformed }
    guard name[0] == UInt8(ascii: ":") else {
      fields.append(checkedName: name, value: value)
      return nil
    }
    // ":status" is the only one.
    let digits = unsafe value.withUnsafeBufferPointer { unsafe Array($0) }
    guard let code = HTTP1Syntax.decimal(digits[...]), (100..<600).contains(code) else { return .malformed }
    status = code
    return nil
  }
}
