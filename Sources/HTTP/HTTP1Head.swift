/// Reads the header section of a message line by line as it arrives, so that a byte is looked at once however slowly it comes.
///
/// RFC 9112 sections 2.2 and 5: lines end in CRLF, names are tokens followed at once by a colon, and nothing is folded.
struct HTTP1Head: Sendable {
  /// Where the start line lies, without its CRLF, counted from the start of the message.
  private(set) var startLine: Range<Int>?
  private var lines: [HTTPFields.Line] = []
  /// The start of the line that is not complete yet.
  private var lineStart = 0
  /// Everything before this was searched for the end of the line.
  private var searched = 0
  private var mayStartEmpty: Bool

  /// - Parameter mayStartEmpty: pass over one empty line before the start line, as RFC 9112 section 2.2 asks of servers.
  init(mayStartEmpty: Bool = false) {
    self.mayStartEmpty = mayStartEmpty
    lines.reserveCapacity(16)
  }

  /// Whether no byte of the message has been used yet.
  var isUntouched: Bool { startLine == nil && searched == 0 }

  /// Reads what `queue` holds of the head.
  /// - Returns: the length of the head with its last CRLF once it is complete, else nil.
  mutating func advance(_ queue: borrowing ByteQueue, _ limits: HTTPLimits) throws(HTTP1Error) -> Int? {
    while let end = queue.firstIndex(of: UInt8(ascii: "\n"), from: searched) {
      searched = end + 1
      guard searched <= limits.headBytesLimit else { throw .headTooLarge }
      guard end > lineStart, queue[end - 1] == UInt8(ascii: "\r") else { throw .bareLineFeed }
      let line = lineStart..<end - 1
      lineStart = searched
      if startLine == nil {
        if line.isEmpty {
          guard mayStartEmpty else { throw .malformedStartLine }
          mayStartEmpty = false
          continue
        }
        startLine = line
      } else if line.isEmpty {
        return searched
      } else {
        guard lines.count < limits.fieldCountLimit else { throw .tooManyFields }
        lines.append(try Self.field(queue, line))
      }
    }
    searched = queue.count
    // The limit holds for a line that has not ended too.
    guard searched <= limits.headBytesLimit else { throw .headTooLarge }
    return nil
  }

  /// The fields, once `advance` has returned `length`.
  func fields(_ queue: borrowing ByteQueue, _ length: Int) -> HTTPFields {
    HTTPFields(storage: Array(queue.prefix(length)), lines: lines)
  }

  private static func field(_ queue: borrowing ByteQueue, _ line: Range<Int>) throws(HTTP1Error) -> HTTPFields.Line {
    try queue.withBytes(line) { (bytes) throws(HTTP1Error) in try field(bytes, from: line.lowerBound) }
  }

  /// - Parameter origin: where `line` lies in the message.
  private static func field(_ line: Span<UInt8>, from origin: Int) throws(HTTP1Error) -> HTTPFields.Line {
    var colon = 0
    while colon < line.count, HTTP1Syntax.isToken(line[colon]) { colon += 1 }
    guard colon > 0, colon < line.count, line[colon] == UInt8(ascii: ":") else { throw .malformedField }
    var start = colon + 1
    var end = line.count
    while start < end, isSpace(line[start]) { start += 1 }
    while end > start, isSpace(line[end - 1]) { end -= 1 }
    guard HTTP1Syntax.isFieldContent(line.extracting(start..<end)) else { throw .malformedField }
    return HTTPFields.Line(
      name: UInt32(origin)..<UInt32(origin + colon), value: UInt32(origin + start)..<UInt32(origin + end))
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
