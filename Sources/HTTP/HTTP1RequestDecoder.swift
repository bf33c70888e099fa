/// The server's side of HTTP/1.1 reading (RFC 9112) as a byte machine: feed bytes, ask for the next step.
///
/// It stops after each head so that the caller can refuse a request before any of its content is kept, and after each request so
/// that a pipelined one waits until its predecessor is answered. After it has thrown it stays failed.
package struct HTTP1RequestDecoder: Sendable {
  package enum Step: Sendable {
    /// More bytes are needed. Nothing of a message has come yet, or a part of one.
    case needsMore
    /// A head, complete; its content is still empty. Call `acceptContent` or give the connection up.
    case head(HTTPRequest, HeadFacts)
    /// The accepted request with its content.
    case request(HTTPRequest)
  }

  /// What a head says about the rest of the message and of the connection.
  package struct HeadFacts: Equatable, Sendable {
    /// The content's length in bytes; nil where it is chunked.
    package let contentLength: Int?
    /// The client waits for `100 Continue`, RFC 9110 section 10.1.1.
    package let expectsContinue: Bool
    /// Whether the connection may carry another request, RFC 9112 section 9.3. HTTP/1.0 ends with the answer: its keep-alive is
    /// an extension that we would have to confirm.
    package let keepsAlive: Bool

    package init(contentLength: Int?, expectsContinue: Bool, keepsAlive: Bool) {
      self.contentLength = contentLength
      self.expectsContinue = expectsContinue
      self.keepsAlive = keepsAlive
    }
  }

  private enum State {
    case head(HTTP1Head)
    case awaitingVerdict(HTTPRequest, HTTP1Content.Framing)
    case content(HTTPRequest, HTTP1Content)
    case failed(HTTP1Error)
    /// The state is in the hands of `advance`, as its only owner: what it appends to is then not copied.
    case advancing
  }

  private static let close: FieldName = "close"
  private static let hundredContinue: FieldName = "100-continue"

  private var queue = ByteQueue()
  private var state = State.head(HTTP1Head(mayStartEmpty: true))
  private let limits: HTTPLimits

  package init(limits: HTTPLimits = HTTPLimits()) { self.limits = limits }

  package mutating func receive(_ bytes: Span<UInt8>) { queue.append(bytes) }

  /// Bytes that were received and belong to no finished request yet.
  package var bufferedBytes: Int { queue.count }

  /// Whether the connection stands between two messages, where closing it loses nothing.
  package var isBetweenMessages: Bool {
    guard case .head(let head) = state else { return false }
    return head.isUntouched && queue.isEmpty
  }

  /// Goes on past the head that `next` has returned, keeping at most `limit` bytes of content.
  package mutating func acceptContent(limit: Int) throws(HTTP1Error) {
    guard case .awaitingVerdict(let request, let framing) = state else {
      preconditionFailure("content is accepted once, after a head")
    }
    do {
      state = .content(request, try HTTP1Content(framing, limit: min(limit, limits.contentBytesLimit)))
    } catch {
      state = .failed(error)
      throw error
    }
  }

  package mutating func next() throws(HTTP1Error) -> Step {
    do {
      return try advance()
    } catch {
      state = .failed(error)
      throw error
    }
  }

  private mutating func advance() throws(HTTP1Error) -> Step {
    let current = state
    state = .advancing
    switch consume current {
    case .failed(let error): throw error
    case .advancing: preconditionFailure("a step is taken inside another")
    case .awaitingVerdict(let request, let framing):
      state = .awaitingVerdict(request, framing)
      return .needsMore
    case .head(var head):
      guard let length = try head.advance(queue, limits) else {
        state = .head(head)
        return .needsMore
      }
      let (request, facts, framing) = try parse(head, length)
      queue.removeFirst(length)
      state = .awaitingVerdict(request, framing)
      return .head(request, facts)
    case .content(var request, var content):
      guard try content.advance(&queue) else {
        state = .content(request, content)
        return .needsMore
      }
      request.content = content.bytes
      state = .head(HTTP1Head(mayStartEmpty: true))
      return .request(request)
    }
  }

  private func parse(_ head: HTTP1Head, _ length: Int) throws(HTTP1Error) -> (HTTPRequest, HeadFacts, HTTP1Content.Framing) {
    guard let range = head.startLine else { throw .malformedStartLine }
    let line = queue.prefix(range.upperBound).dropFirst(range.lowerBound)
    let (method, target, isVersion11) = try startLine(line)
    let fields = head.fields(queue, length)
    try checkHost(fields, isVersion11: isVersion11)
    let framing = try Self.framing(fields, isVersion11: isVersion11)
    let length: Int? = if case .length(let length) = framing { length } else { nil }
    let facts = HeadFacts(
      contentLength: length,
      expectsContinue: isVersion11 && fields.lists(Self.hundredContinue, in: .expect),
      keepsAlive: isVersion11 && !fields.lists(Self.close, in: .connection))
    return (HTTPRequest(method: method, target: target, fields: fields), facts, framing)
  }

  /// `method SP request-target SP HTTP-version`, RFC 9112 section 3.
  private func startLine(_ line: ArraySlice<UInt8>) throws(HTTP1Error) -> (HTTPMethod, String, isVersion11: Bool) {
    let method = line.prefix(while: HTTP1Syntax.isToken)
    guard !method.isEmpty, method.count <= 24 else { throw .malformedStartLine }
    var rest = line[method.endIndex...]
    guard rest.first == 0x20 else { throw .malformedStartLine }
    rest = rest.dropFirst()
    let target = rest.prefix { (0x21...0x7E).contains($0) }
    guard !target.isEmpty else { throw .malformedStartLine }
    guard target.count <= limits.targetBytesLimit else { throw .targetTooLong }
    let version = rest[target.endIndex...]
    guard version.first == 0x20 else { throw .malformedStartLine }
    let verb = HTTPMethod(String(decoding: method, as: UTF8.self))
    if case .other = verb, !line.contains(UInt8(ascii: "/")) { throw .notHTTP }
    let isVersion11 = try Self.isVersion11(version.dropFirst())
    guard !target.contains(UInt8(ascii: "#")) else { throw .malformedStartLine }
    // Origin form, and the asterisk form of OPTIONS. CONNECT is for tunnels, which we do not open.
    if target.first == UInt8(ascii: "/") || (verb == .options && target.elementsEqual([UInt8(ascii: "*")])) {
      return (verb, String(decoding: target, as: UTF8.self), isVersion11)
    }
    return (verb, try Self.originForm(target), isVersion11)
  }

  /// The origin form of a target in absolute form, which RFC 9112 section 3.2.2 makes servers accept. Its authority is checked and
  /// left out: nothing here depends on the name a client calls us by.
  private static func originForm(_ target: ArraySlice<UInt8>) throws(HTTP1Error) -> String {
    let scheme = target.prefix { $0 != UInt8(ascii: "/") }
    let name = FieldName(String(decoding: scheme, as: UTF8.self))
    guard name == "http:" || name == "https:", target.dropFirst(scheme.count).starts(with: "//".utf8) else {
      throw .malformedStartLine
    }
    let rest = target.dropFirst(scheme.count + 2)
    let authority = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
    guard HTTP1Syntax.isHost(authority) else { throw .malformedStartLine }
    let path = String(decoding: rest[authority.endIndex...], as: UTF8.self)
    return path.hasPrefix("/") ? path : "/" + path
  }

  private static func isVersion11(_ version: ArraySlice<UInt8>) throws(HTTP1Error) -> Bool {
    let major = version.startIndex + 5
    guard version.count == 8, version.starts(with: "HTTP/".utf8), version[major + 1] == UInt8(ascii: "."),
      (48...57).contains(version[major]), (48...57).contains(version[major + 2])
    else { throw .malformedStartLine }
    guard version[major] == UInt8(ascii: "1"), version[major + 2] <= UInt8(ascii: "1") else { throw .versionNotSupported }
    return version[major + 2] == UInt8(ascii: "1")
  }

  private func checkHost(_ fields: HTTPFields, isVersion11: Bool) throws(HTTP1Error) {
    let hosts = fields.count(of: .host)
    if hosts == 0 {
      if isVersion11 { throw .missingHost }
      return
    }
    guard hosts == 1, let host = fields.bytes(of: .host), HTTP1Syntax.isHost(host) else { throw .malformedHost }
  }

  /// RFC 9112 section 6.3, without its leniency: a message that two parsers could frame differently is refused.
  private static func framing(_ fields: HTTPFields, isVersion11: Bool) throws(HTTP1Error) -> HTTP1Content.Framing {
    let codings = fields.values(of: .transferEncoding)
    let lengths = fields.values(of: .contentLength)
    guard codings.isEmpty else {
      guard lengths.isEmpty, isVersion11 else { throw .ambiguousFraming }
      guard codings.count == 1, codings[0].elementsEqual("chunked".utf8, by: { FieldName.lowercased($0) == $1 }) else {
        throw .unknownTransferCoding
      }
      return .chunked
    }
    guard let length = lengths.first else { return .length(0) }
    guard lengths.count == 1, let value = HTTP1Syntax.decimal(length) else { throw .malformedContentLength }
    return .length(value)
  }
}
