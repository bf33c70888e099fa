package import HTTP

/// The client's side of one HTTP/2 connection: many requests at a time, their responses in pieces as they come.
///
/// The window of a stream is the caller's to open again with `consumed`, that of the connection opens by itself: a stream that is read
/// slowly, such as a watch, holds up nothing but itself. At most a window of content is on the caller's hands for each stream.
package final class HTTP2ClientSession: HTTP2Session {
  package enum Step: Sendable {
    /// Nothing more can be done before more bytes come, or output is taken or leaves.
    case needsMore
    /// The head of the final response; its content is still empty.
    case head(HTTP2StreamID, HTTPResponse)
    /// A part of the content. Call `consumed` once it is used up.
    case content(HTTP2StreamID, [UInt8])
    /// The response is complete. The last word about the stream.
    case end(HTTP2StreamID)
    /// There is no response, or not all of it. The last word about the stream.
    case failed(HTTP2StreamID, HTTP2StreamError)
    /// The server ends the connection: no further requests. Those after `last` fail as `.notProcessed`, the others go on.
    case goAway(HTTP2ErrorCode, last: HTTP2StreamID)
    /// The server has answered `ping`.
    case pong
    /// The connection has come to its orderly end: close it.
    case finished
  }

  /// Interim responses to one request; more are not worth waiting for.
  private static let interimLimit = 16

  private let http: HTTPLimits
  private var streams: [Int32: ClientStream] = [:]
  private var events: [Step] = []
  private var isDraining = false
  /// Streams that the server has not reset yet, over or not.
  private var resettableCount = 0

  /// - Parameters:
  ///   - limits: `concurrentStreamsLimit` bounds our own streams, beside what the server allows.
  ///   - http: of which `fieldCountLimit` counts.
  ///   - now: the time at which the connection begins.
  package init(
    limits: HTTP2Limits = HTTP2Limits(), http: HTTPLimits = HTTPLimits(), at now: ContinuousClock.Instant
  ) throws(HTTP2Error) {
    self.http = http
    try super.init(
      isServer: false, limits,
      [(.enablePush, 0), (.initialWindowSize, limits.streamWindowBytes), (.maxHeaderListSize, limits.fieldSectionBytesLimit)],
      at: now)
  }

  // MARK: For the owner

  /// Goes on as far as the bytes allow.
  /// - Throws: once the session has ended before its time, and then always. All streams are gone with it.
  package func next() throws(HTTP2Error) -> Step {
    pump()
    while events.isEmpty, step() {}
    if !events.isEmpty { return events.removeFirst() }
    if let ending { throw ending }
    return isFinished ? .finished : .needsMore
  }

  /// Whether another request may be sent now: the server allows so many streams (SETTINGS_MAX_CONCURRENT_STREAMS; 100 before it has
  /// said), and neither side has said GOAWAY.
  package var canSubmit: Bool {
    ending == nil && !isDraining && library.allowsRequests
      && openStreamCount < min(limits.concurrentStreamsLimit, library.peerConcurrentStreamsLimit)
  }

  /// Sends a request. Content-Length is written here where there is content or the method asks for it. Fields that speak about an
  /// HTTP/1.1 connection are left out, and `host`, which `authority` says. A byte of `target` that may not stand in one is
  /// percent-encoded.
  /// - Returns: nil where `canSubmit` is false.
  package func submit(
    _ method: HTTPMethod, target: String, authority: String, scheme: String = "https", fields: HTTPFields = HTTPFields(),
    content: [UInt8] = []
  ) -> HTTP2StreamID? {
    guard canSubmit else { return nil }
    var list = FieldList()
    list.append(":method", method.token)
    list.append(":scheme", scheme)
    list.append(":authority", authority)
    list.append(":path", HTTP1Writer.encoded(target))
    list.append(fields)
    if !content.isEmpty || method == .post || method == .put || method == .patch {
      list.append("content-length", String(content.count))
    }
    do {
      let id = try library.submitRequest(list, hasContent: !content.isEmpty)
      streams[id] = ClientStream(OutgoingContent(content))
      openStreamCount += 1
      resettableCount += 1
      waitingContentBytes += content.count
      pump()
      return HTTP2StreamID(rawValue: id)
    } catch {
      fail(error)
      return nil
    }
  }

  /// Gives the server credit for `count` bytes of content that came on a stream and are used up.
  package func consumed(_ count: Int, on id: HTTP2StreamID) {
    guard ending == nil, let stream = streams[id.rawValue] else { return }
    let count = min(count, stream.unconsumedBytes)
    stream.unconsumedBytes -= count
    attempt { () throws(HTTP2Error) in try library.consume(count, on: id.rawValue) }
    pump()
  }

  /// Gives a request up. `next` says nothing more about it.
  package func cancel(_ id: HTTP2StreamID) {
    events.removeAll { Self.stream(of: $0) == id }
    guard ending == nil, let stream = streams[id.rawValue] else { return }
    stream.phase = .cancelled
    attempt { () throws(HTTP2Error) in try library.submitReset(.cancel, on: id.rawValue) }
    pump()
  }

  /// Asks the server for a sign of life, which comes as `.pong`.
  package func ping() {
    guard ending == nil else { return }
    attempt { () throws(HTTP2Error) in try library.submitPing(0) }
    pump()
  }

  /// Says that there will be no further requests. `next` returns `.finished` when those under way are over.
  package func drain() {
    guard ending == nil, !isDraining else { return }
    isDraining = true
    attempt { () throws(HTTP2Error) in try library.submitGoAway() }
    pump()
  }

  // MARK: HTTP2Session

  /// Each stream once: we opened it. After an early answer the reset may come when the stream is over already.
  override func isFree(reset: FrameHeader) -> Bool {
    guard resettableCount > 0 else { return false }
    resettableCount -= 1
    return true
  }

  override func content(of id: Int32, upTo limit: Int) -> (ArraySlice<UInt8>, isLast: Bool)? {
    guard let taken = streams[id]?.content.take(upTo: limit) else { return nil }
    waitingContentBytes -= taken.0.count
    return taken
  }

  override func fieldCame(_ name: Span<UInt8>, _ value: Span<UInt8>, on id: Int32) -> Bool {
    guard let stream = streams[id] else { return false }
    let fault = stream.head.append(
      name, value, fieldCountLimit: http.fieldCountLimit, fieldSectionBytesLimit: limits.fieldSectionBytesLimit)
    guard let fault else { return true }
    refuse(stream, id, fault == .malformed ? .protocolError : .enhanceYourCalm, fault)
    return false
  }

  override func fieldsEnded(on id: Int32, endsStream: Bool) {
    guard let stream = streams[id] else { return }
    guard stream.phase == .awaitingHead else { return endsStream ? contentEnded(on: id) : () }
    let head = stream.head
    stream.head = ResponseHead()
    guard let status = head.status else { return refuse(stream, id, .protocolError, .malformed) }
    guard status >= 200 else {
      stream.interimCount += 1
      if stream.interimCount > Self.interimLimit { refuse(stream, id, .enhanceYourCalm, .malformed) }
      return
    }
    stream.phase = .readingContent
    events.append(.head(HTTP2StreamID(rawValue: id), HTTPResponse(HTTPStatus(rawValue: status), fields: head.fields)))
    if endsStream { contentEnded(on: id) }
  }

  override func contentCame(_ bytes: Span<UInt8>, on id: Int32) {
    attempt { () throws(HTTP2Error) in try library.consumeOnConnection(bytes.count) }
    guard let stream = streams[id], stream.phase == .readingContent else { return }
    stream.unconsumedBytes += bytes.count
    events.append(.content(HTTP2StreamID(rawValue: id), unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }))
  }

  override func contentEnded(on id: Int32) {
    guard let stream = streams[id], stream.phase == .readingContent else { return }
    stream.phase = .ended
    events.append(.end(HTTP2StreamID(rawValue: id)))
  }

  override func resetCame(_ code: HTTP2ErrorCode, on id: Int32) { streams[id]?.resetByPeer = code }

  override func resetSent(_ code: HTTP2ErrorCode, on id: Int32) {
    // Only what the server brought about counts.
    if code != .cancel { super.resetSent(code, on: id) }
  }

  override func streamClosed(_ id: Int32, _ code: HTTP2ErrorCode) {
    guard let stream = streams.removeValue(forKey: id) else { return }
    openStreamCount -= 1
    waitingContentBytes -= stream.content.remainingBytes
    guard stream.phase == .awaitingHead || stream.phase == .readingContent else { return }
    // The library closes what is beyond a GOAWAY with REFUSED_STREAM as well.
    let isUntouched = code == .refusedStream && stream.phase == .awaitingHead
    let error = stream.fault ?? (isUntouched ? .notProcessed : stream.resetByPeer.map { .reset($0) } ?? .malformed)
    events.append(.failed(HTTP2StreamID(rawValue: id), error))
  }

  override func pingAcknowledged(_ payload: UInt64) { events.append(.pong) }

  override func goAwayCame(_ code: HTTP2ErrorCode, last: Int32) {
    events.append(.goAway(code, last: HTTP2StreamID(rawValue: last)))
  }

  // MARK: Private

  private func refuse(_ stream: ClientStream, _ id: Int32, _ code: HTTP2ErrorCode, _ fault: HTTP2StreamError) {
    stream.fault = fault
    attempt { () throws(HTTP2Error) in try library.submitReset(code, on: id) }
  }

  private static func stream(of step: Step) -> HTTP2StreamID? {
    switch step {
    case .head(let id, _), .content(let id, _), .end(let id), .failed(let id, _): id
    case .needsMore, .goAway, .pong, .finished: nil
    }
  }
}
