/// The client's side of HTTP/1.1 reading (RFC 9112) as a byte machine. One decoder reads the responses of one connection, one
/// request at a time. After it has thrown it stays failed.
package struct HTTP1ResponseDecoder: Sendable {
  package enum Step: Sendable {
    case needsMore
    /// The final response, complete, and whether the connection may be used again.
    case response(HTTPResponse, keepsAlive: Bool)
  }

  private enum State {
    case head(HTTP1Head)
    case content(HTTPResponse, HTTP1Content, keepsAlive: Bool)
    case failed(HTTP1Error)
    /// The state is in the hands of `advance`, as its only owner: what it appends to is then not copied.
    case advancing
  }

  private var queue = ByteQueue()
  private var state = State.head(HTTP1Head())
  private var limits: HTTPLimits
  /// The method of the request that is being answered: a response to HEAD has no content whatever its fields say.
  private var method = HTTPMethod.get

  package init(limits: HTTPLimits = HTTPLimits(headBytesLimit: 64 << 10)) { self.limits = limits }

  /// Whether no byte of the awaited response has come.
  package var isUntouched: Bool {
    guard case .head(let head) = state else { return false }
    return head.isUntouched && queue.isEmpty
  }

  /// Prepares for the response to a request with `method`.
  package mutating func expectResponse(to method: HTTPMethod, contentBytesLimit: Int) {
    self.method = method
    limits.contentBytesLimit = contentBytesLimit
  }

  package mutating func receive(_ bytes: Span<UInt8>) { queue.append(bytes) }

  /// - Throws: `.truncated` never; that is `finish`'s to say.
  package mutating func next() throws(HTTP1Error) -> Step {
    do {
      return try advance()
    } catch {
      state = .failed(error)
      throw error
    }
  }

  private mutating func advance() throws(HTTP1Error) -> Step {
    while true {
      let current = state
      state = .advancing
      switch consume current {
      case .failed(let error): throw error
      case .advancing: preconditionFailure("a step is taken inside another")
      case .head(var head):
        guard let length = try head.advance(queue, limits) else {
          state = .head(head)
          return .needsMore
        }
        let (response, framing, keepsAlive) = try parse(head, length)
        queue.removeFirst(length)
        // Interim responses come before the final one, RFC 9110 section 15.2; 101 would be an upgrade we never asked for.
        if (100..<200).contains(response.status.rawValue) {
          guard response.status.rawValue != 101 else { throw .malformedStartLine }
          state = .head(HTTP1Head())
          continue
        }
        state = .content(response, try HTTP1Content(framing, limit: limits.contentBytesLimit), keepsAlive: keepsAlive)
      case .content(var response, var content, let keepsAlive):
        guard try content.advance(&queue) else {
          state = .content(response, content, keepsAlive: keepsAlive)
          return .needsMore
        }
        response.content = content.bytes
        state = .head(HTTP1Head())
        // Bytes beyond the response answer no question: the connection cannot be trusted with another one.
        return .response(response, keepsAlive: keepsAlive && queue.isEmpty)
      }
    }
  }

  /// Takes what has come of a response that is not complete, for a caller who does not wait for its end: the head, and of the content
  /// what was not taken before. The rest then comes as the content of `.response`, and the limit counts what is not taken.
  /// - Returns: nil where the head is not complete.
  package mutating func takePart() -> HTTPResponse? {
    guard case .content(let head, var content, let keepsAlive) = state else { return nil }
    var part = head
    part.content = content.takeBytes()
    state = .content(head, content, keepsAlive: keepsAlive)
    return part
  }

  /// Says that the connection has ended.
  /// - Returns: the response whose end that is, if its content was to run until then.
  package mutating func finish() throws(HTTP1Error) -> HTTPResponse {
    guard case .content(var response, let content, _) = state, content.endsWithConnection else { throw .truncated }
    response.content = content.bytes
    return response
  }

  private func parse(_ head: HTTP1Head, _ length: Int) throws(HTTP1Error) -> (HTTPResponse, HTTP1Content.Framing, Bool) {
    guard let range = head.startLine else { throw .malformedStartLine }
    let (status, isVersion11) = try Self.statusLine(Array(queue.prefix(range.upperBound)))
    let fields = head.fields(queue, length)
    let framing = try framing(fields, status)
    let persists = isVersion11 ? !fields.lists("close", in: .connection) : fields.lists("keep-alive", in: .connection)
    return (HTTPResponse(status, fields: fields), framing, persists && framing != .untilClose)
  }

  /// `HTTP-version SP status-code SP [ reason-phrase ]`, RFC 9112 section 4. The space before an absent reason may be absent too:
  /// servers leave it out, and nothing can be misread by that.
  private static func statusLine(_ line: [UInt8]) throws(HTTP1Error) -> (HTTPStatus, isVersion11: Bool) {
    guard line.count >= 12, line.prefix(7).elementsEqual("HTTP/1.".utf8), line[7] == 48 || line[7] == 49, line[8] == 0x20,
      let code = HTTP1Syntax.decimal(line[9..<12]), (100..<600).contains(code), line.count == 12 || line[12] == 0x20
    else { throw .malformedStartLine }
    return (HTTPStatus(rawValue: code), line[7] == 49)
  }

  /// RFC 9112 section 6.3.
  private func framing(_ fields: HTTPFields, _ status: HTTPStatus) throws(HTTP1Error) -> HTTP1Content.Framing {
    if method == .head || !status.allowsContent { return .length(0) }
    let codings = fields.values(of: .transferEncoding)
    let lengths = fields.values(of: .contentLength)
    if !codings.isEmpty {
      guard lengths.isEmpty else { throw .ambiguousFraming }
      guard codings.count == 1, codings[0].elementsEqual("chunked".utf8, by: { FieldName.lowercased($0) == $1 }) else {
        throw .unknownTransferCoding
      }
      return .chunked
    }
    guard let length = lengths.first else { return .untilClose }
    guard lengths.count == 1, let value = HTTP1Syntax.decimal(length) else { throw .malformedContentLength }
    return .length(value)
  }
}
