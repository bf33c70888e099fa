/// Reads the content of one message: a counted number of bytes, chunks (RFC 9112 section 7.1), or all there is until the end.
struct HTTP1Content: Sendable {
  enum Framing: Equatable, Sendable {
    case length(Int)
    case chunked
    /// Until the connection closes: responses only, RFC 9112 section 6.3.
    case untilClose
  }

  private enum State {
    case counted(remaining: Int)
    case chunkSize
    case chunkData(remaining: Int)
    case chunkEnd
    case trailers
    case untilClose
  }

  private(set) var bytes: [UInt8] = []
  private let limit: Int
  private var state: State
  /// Bytes of chunk extensions and trailers, which are read and forgotten but must not go on for ever.
  private var overhead = 0
  private static let overheadLimit = 16 << 10
  private static let lineBytesLimit = 4 << 10
  private var trailerCount = 0
  private static let trailerCountLimit = 64

  /// - Parameter limit: more content than this is refused, in bytes.
  init(_ framing: Framing, limit: Int) throws(HTTP1Error) {
    self.limit = limit
    switch framing {
    case .length(let length):
      guard length <= limit else { throw .contentTooLarge }
      state = .counted(remaining: length)
      // What is announced and does not come costs little.
      bytes.reserveCapacity(min(length, 4 << 10))
    case .chunked: state = .chunkSize
    case .untilClose: state = .untilClose
    }
  }

  /// Whether the end of the connection is the end of the content.
  var endsWithConnection: Bool { if case .untilClose = state { true } else { false } }

  /// Takes what `queue` holds of the content.
  /// - Returns: true once the content is complete.
  mutating func advance(_ queue: inout ByteQueue) throws(HTTP1Error) -> Bool {
    while true {
      switch state {
      case .counted(let remaining):
        let taken = try take(&queue, upTo: remaining)
        state = .counted(remaining: remaining - taken)
        return remaining == taken
      case .chunkSize:
        guard let line = try line(&queue) else { return false }
        let size = try Self.chunkSize(line)
        state = size == 0 ? .trailers : .chunkData(remaining: size)
        guard size <= limit - bytes.count else { throw .contentTooLarge }
      case .chunkData(let remaining):
        let taken = try take(&queue, upTo: remaining)
        guard taken == remaining else {
          state = .chunkData(remaining: remaining - taken)
          return false
        }
        state = .chunkEnd
      case .chunkEnd:
        guard queue.count >= 1 else { return false }
        guard queue[0] == UInt8(ascii: "\r") else { throw .malformedChunk }
        guard queue.count >= 2 else { return false }
        guard queue[1] == UInt8(ascii: "\n") else { throw .malformedChunk }
        queue.removeFirst(2)
        state = .chunkSize
      case .trailers:
        guard let line = try line(&queue) else { return false }
        if line.isEmpty { return true }
        trailerCount += 1
        guard trailerCount <= Self.trailerCountLimit else { throw .tooManyFields }
        try Self.checkTrailer(line)
      case .untilClose:
        _ = try take(&queue, upTo: queue.count)
        return false
      }
    }
  }

  /// Takes the content that has come, which no longer counts towards the limit.
  mutating func takeBytes() -> [UInt8] {
    defer { bytes = [] }
    return bytes
  }

  private mutating func take(_ queue: inout ByteQueue, upTo wanted: Int) throws(HTTP1Error) -> Int {
    let count = min(wanted, queue.count)
    guard count <= limit - bytes.count else { throw .contentTooLarge }
    bytes.append(contentsOf: queue.prefix(count))
    queue.removeFirst(count)
    return count
  }

  /// The next line without its CRLF; nil where it has not ended yet.
  private mutating func line(_ queue: inout ByteQueue) throws(HTTP1Error) -> [UInt8]? {
    guard let end = queue.firstIndex(of: UInt8(ascii: "\n"), from: 0) else {
      guard queue.count <= Self.lineBytesLimit else { throw .malformedChunk }
      return nil
    }
    overhead += end
    guard end > 0, end <= Self.lineBytesLimit, overhead - Self.overheadLimit <= limit else { throw .malformedChunk }
    guard queue[end - 1] == UInt8(ascii: "\r") else { throw .malformedChunk }
    let line = Array(queue.prefix(end - 1))
    queue.removeFirst(end + 1)
    return line
  }

  /// `chunk-size [ chunk-ext ]`. Extensions are ignored, but their bytes are checked: a control character in one is how requests
  /// are smuggled past a front end that reads it differently.
  private static func chunkSize(_ line: [UInt8]) throws(HTTP1Error) -> Int {
    let digits = line.prefix { HTTP1Syntax.hexDigit($0) != nil }
    guard !digits.isEmpty, digits.count <= 12 else { throw .malformedChunk }
    let rest = line.dropFirst(digits.count)
    guard rest.first.map({ $0 == UInt8(ascii: ";") }) ?? true, rest.allSatisfy(HTTP1Syntax.isFieldContent) else {
      throw .malformedChunk
    }
    return digits.reduce(0) { $0 * 16 + (HTTP1Syntax.hexDigit($1) ?? 0) }
  }

  private static func checkTrailer(_ line: [UInt8]) throws(HTTP1Error) {
    let name = line.prefix(while: HTTP1Syntax.isToken)
    let rest = line.dropFirst(name.count)
    guard !name.isEmpty, rest.first == UInt8(ascii: ":"), rest.allSatisfy(HTTP1Syntax.isFieldContent) else {
      throw .malformedField
    }
  }
}
