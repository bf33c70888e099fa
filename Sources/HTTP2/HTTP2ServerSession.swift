package import HTTP

/// The server's side of one HTTP/2 connection. Requests come in pieces as with `HTTP1RequestDecoder`, those of many streams mixed:
/// a head, upon which the caller says at once what is to become of it, and then the whole request.
package final class HTTP2ServerSession: HTTP2Session {
  package enum Step: Sendable {
    /// Nothing more can be done before more bytes come, output is taken or leaves, or the caller has judged the last head.
    case needsMore
    /// A head, complete; its content is still empty. Call `acceptContent`, `respond` or `reset` before the next step: until then
    /// nothing more is read, so content that nobody wants is never kept.
    case head(HTTP2StreamID, HTTPRequest, HeadFacts)
    /// The accepted request with its content.
    case request(HTTP2StreamID, HTTPRequest)
    /// A request that passes a limit, with or without a head before: `respond` with the error's status.
    case failed(HTTP2StreamID, HTTP2RequestError)
    /// The stream is over. Comes once, last, for each stream of which there was a `head` or `failed`. Until then the stream counts as
    /// open, also when it was answered: the caller keeps a deadline for each.
    case ended(HTTP2StreamID, StreamEnd)
    /// A request that was refused without the caller's help.
    case rejected(Rejection)
    /// The connection has come to its orderly end: send the output, then close it.
    case finished
  }

  /// What a head says about the rest of the message.
  package struct HeadFacts: Equatable, Sendable {
    /// The content's length in bytes, 0 where the request ends with its head; nil where it is not stated.
    package let contentLength: Int?
    /// The client waits for `100 Continue`: see `sendContinue`.
    package let expectsContinue: Bool

    package init(contentLength: Int?, expectsContinue: Bool) {
      self.contentLength = contentLength
      self.expectsContinue = expectsContinue
    }
  }

  package enum StreamEnd: Hashable, Sendable {
    /// All of the answer is among the output.
    case answered
    /// The client took its request back, or did not want the rest of the answer.
    case resetByPeer(HTTP2ErrorCode)
    /// We reset it: the caller did, or the request turned out to be malformed (`protocolError`).
    case reset(HTTP2ErrorCode)
  }

  package enum Rejection: Hashable, Sendable {
    /// Malformed, RFC 9113 section 8.1.1: reset with PROTOCOL_ERROR, also where `host` is not `:authority`. An answer with 400 would be
    /// allowed, but the library resets most of these by itself, and one kind of answer to all of them tells a prober less.
    case malformed
    /// The head is over four times as large as the limit: reset with ENHANCE_YOUR_CALM.
    case headFlood
    /// There were `HTTP2Limits.concurrentStreamsLimit` streams already: reset with REFUSED_STREAM, and safe to retry.
    case tooManyStreams
  }

  /// Comes back after one round trip; what the client sent before it knew of the drain has then come.
  private static let drainPing: UInt64 = 0x7265_6c61_756e_6368

  private let http: HTTPLimits
  private var streams: [Int32: ServerStream] = [:]
  private var ids = PeerStreamIDs()
  private var events: [Step] = []
  private var awaitingVerdict: Int32?
  private var hasSaidGoAway = false
  private var isCreditWithheld = false
  /// Content that may still come, at no fault of the client's, for streams that we ended before the client did: it may have sent a
  /// window full before it knew.
  private var strayBytesAllowance = 0
  /// Such streams that the client has not reset in its turn; some do.
  private var strayResetsAllowance = 0

  /// How many requests there have been, malformed ones included.
  package private(set) var requestCount = 0
  /// What is kept of the content of requests that are not complete yet.
  package private(set) var incompleteContentBytes = 0
  /// Whether no further requests will be taken, though those that are on their way may still be.
  package private(set) var isDraining = false

  /// - Parameters:
  ///   - http: the limits of one request. The head has a limit of its own among `limits`.
  ///   - now: the time at which the connection begins.
  package init(
    limits: HTTP2Limits = HTTP2Limits(), http: HTTPLimits = HTTPLimits(), at now: ContinuousClock.Instant
  ) throws(HTTP2Error) {
    self.http = http
    try super.init(
      isServer: true, limits,
      [
        (.maxConcurrentStreams, limits.concurrentStreamsLimit), (.initialWindowSize, limits.streamWindowBytes),
        (.maxHeaderListSize, limits.fieldSectionBytesLimit),
      ], at: now)
  }

  // MARK: For the owner

  /// Goes on as far as the bytes allow.
  /// - Throws: once the session has ended before its time, and then always. All streams are gone with it.
  package func next() throws(HTTP2Error) -> Step {
    pump()
    while events.isEmpty, awaitingVerdict == nil, step() {}
    if !events.isEmpty { return events.removeFirst() }
    if let ending { throw ending }
    return isFinished ? .finished : .needsMore
  }

  /// Has the content of a request read whose head `next` has returned, at most `limit` bytes of it. More ends as `.failed`.
  package func acceptContent(limit: Int, of id: HTTP2StreamID) {
    guard awaitingVerdict == id.rawValue else { preconditionFailure("content is accepted once, after a head") }
    awaitingVerdict = nil
    guard let stream = streams[id.rawValue] else { return }
    stream.phase = .readingContent
    stream.contentBytesLimit = min(limit, http.contentBytesLimit)
    if let length = stream.contentLength, length > stream.contentBytesLimit { return contentIsTooLarge(stream) }
    if stream.hasEnded { contentEnded(on: stream.id) }
  }

  /// How much of the content of an accepted request has come.
  package func contentBytes(of id: HTTP2StreamID) -> Int { streams[id.rawValue]?.incompleteBytes ?? 0 }

  /// Whether all of the answer to a request is among the output. If its stream is still open then, the client owes the rest of the
  /// request.
  package func isAnswered(_ id: HTTP2StreamID) -> Bool { streams[id.rawValue]?.isAnswered ?? true }

  /// Sends the interim response that lets the client send its content, RFC 9110 section 15.2.1. To be called after `acceptContent`; it
  /// does nothing where the content is too large, or all of it has come.
  package func sendContinue(on id: HTTP2StreamID) {
    guard ending == nil, let stream = streams[id.rawValue], stream.phase == .readingContent else { return }
    stream.awaitsContinue = false
    var fields = FieldList()
    fields.append(":status", "100")
    attempt { () throws(HTTP2Error) in try library.submitInterim(fields, on: stream.id) }
  }

  /// Answers a request, in any order and at any time. A second answer, and one for a stream that is over, does nothing.
  ///
  /// Content-Length is written here; fields that speak about an HTTP/1.1 connection are left out (RFC 9113 section 8.2.2). An answer
  /// that comes before the end of the request is followed by RST_STREAM with NO_ERROR, RFC 9113 section 8.1, unless the rest is short
  /// and on its way: that is awaited and thrown away, for there are clients that make an error of such a reset.
  /// - Parameter date: the value of the Date field (RFC 9110 section 6.6.1).
  package func respond(_ response: HTTPResponse, to id: HTTP2StreamID, date: String) {
    guard ending == nil, let stream = streams[id.rawValue], stream.answer == nil else { return }
    if awaitingVerdict == stream.id { awaitingVerdict = nil }
    var fields = FieldList()
    fields.append(":status", String(response.status.rawValue))
    fields.append("date", date)
    fields.append(response.fields)
    if response.status.allowsContent { fields.append("content-length", String(response.content.count)) }
    let content = response.status.allowsContent && !stream.isHead ? response.content : []
    stream.answer = OutgoingContent(content)
    waitingContentBytes += content.count
    discardContent(of: stream)
    attempt { () throws(HTTP2Error) in try library.submitResponse(fields, on: stream.id, hasContent: !content.isEmpty) }
    pump()
  }

  /// Gives a request up without an answer, for example when its deadline has passed. Does not count as one of `HTTP2Limits.resets`.
  package func reset(_ id: HTTP2StreamID, _ code: HTTP2ErrorCode) {
    guard ending == nil, let stream = streams[id.rawValue] else { return }
    if awaitingVerdict == id.rawValue { awaitingVerdict = nil }
    stream.isGivenUp = true
    attempt { () throws(HTTP2Error) in try library.submitReset(code, on: id.rawValue) }
    pump()
  }

  /// Ends the connection in order, RFC 9113 section 6.8: a first GOAWAY tells the client to open no more streams, a second, one round
  /// trip later, which ones were still taken. `next` returns `.finished` when all are over; a client that does not answer is the
  /// owner's to give up.
  package func drain() {
    guard ending == nil, !isDraining else { return }
    isDraining = true
    attempt { () throws(HTTP2Error) in
      try library.submitShutdownNotice()
      try library.submitPing(Self.drainPing)
    }
    pump()
  }

  // MARK: HTTP2Session

  override func isFree(reset: FrameHeader) -> Bool {
    guard streams[reset.streamID] == nil, strayResetsAllowance > 0 else { return false }
    strayResetsAllowance -= 1
    return true
  }

  override func isStray(headers: FrameHeader) throws(HTTP2Error) -> Bool {
    // An even id is for the library to refuse.
    guard headers.streamID & 1 == 1 else { return false }
    switch ids.standing(of: headers.streamID) {
    case .new:
      ids.open(headers.streamID)
      return hasSaidGoAway
    case .opened: return streams[headers.streamID] == nil
    case .skipped: throw .violation(.protocolError, reason: "HEADERS on a stream that a later one had closed")
    }
  }

  override func isStray(data: FrameHeader) -> Bool {
    guard streams[data.streamID] == nil else { return false }
    // A frame that brings little costs as much to look at as one that brings more.
    strayBytesAllowance -= max(data.length, 256)
    return strayBytesAllowance < 0
  }

  override func content(of id: Int32, upTo limit: Int) -> (ArraySlice<UInt8>, isLast: Bool)? {
    guard let taken = streams[id]?.answer?.take(upTo: limit) else { return nil }
    waitingContentBytes -= taken.0.count
    return taken
  }

  override func fieldsBegan(on id: Int32) {
    // Else trailers.
    guard streams[id] == nil else { return }
    streams[id] = ServerStream(id)
    openStreamCount += 1
    requestCount += 1
    if requestCount == limits.requestsLimit { sayGoAway() }
  }

  override func fieldCame(_ name: Span<UInt8>, _ value: Span<UInt8>, on id: Int32) -> Bool {
    guard let stream = streams[id] else { return false }
    guard stream.phase == .readingHead else {
      // Trailers are read and forgotten, but must not go on for ever.
      stream.trailerBytes += name.count + value.count + 32
      return stream.trailerBytes <= limits.fieldSectionBytesLimit || refuse(stream, .enhanceYourCalm)
    }
    switch stream.head.append(name, value, http, fieldSectionBytesLimit: limits.fieldSectionBytesLimit) {
    case .fine: return true
    case .malformed: return refuse(stream, .protocolError)
    case .abusive: return refuse(stream, .enhanceYourCalm)
    }
  }

  override func fieldsEnded(on id: Int32, endsStream: Bool) {
    guard let stream = streams[id] else { return }
    guard stream.phase == .readingHead else { return contentEnded(on: id) }
    let head = stream.head
    stream.head = RequestHead()
    stream.hasEnded = endsStream
    stream.isHead = head.isHead
    stream.contentLength = endsStream ? 0 : head.contentLength
    stream.awaitsContinue = head.expectsContinue
    if let error = head.error {
      stream.isAnnounced = true
      discardContent(of: stream)
      events.append(.failed(HTTP2StreamID(rawValue: id), error))
    } else if let request = head.request() {
      stream.isAnnounced = true
      stream.phase = .awaitingVerdict
      stream.request = request
      awaitingVerdict = id
      let facts = HeadFacts(contentLength: stream.contentLength, expectsContinue: stream.awaitsContinue)
      events.append(.head(HTTP2StreamID(rawValue: id), request, facts))
    } else {
      _ = refuse(stream, .protocolError)
    }
  }

  override func contentCame(_ bytes: Span<UInt8>, on id: Int32) {
    attempt { () throws(HTTP2Error) in try library.consumeOnConnection(bytes.count) }
    guard let stream = streams[id] else { return }
    stream.receivedBytes += bytes.count
    guard stream.phase == .readingContent else { return }
    guard stream.incompleteBytes + bytes.count <= stream.contentBytesLimit else { return contentIsTooLarge(stream) }
    unsafe bytes.withUnsafeBufferPointer { unsafe stream.request?.content.append(contentsOf: $0) }
    incompleteContentBytes += bytes.count
    if incompleteContentBytes <= limits.incompleteContentBytesLimit {
      attempt { () throws(HTTP2Error) in try library.consume(bytes.count, on: id) }
    } else {
      stream.withheldBytes += bytes.count
      giveWithheldCredit()
    }
  }

  override func contentEnded(on id: Int32) {
    guard let stream = streams[id] else { return }
    stream.hasEnded = true
    guard stream.phase == .readingContent, let request = stream.request else { return }
    stream.phase = .serving
    stream.request = nil
    isNoLongerIncomplete(request.content.count)
    events.append(.request(HTTP2StreamID(rawValue: id), request))
  }

  override func resetCame(_ code: HTTP2ErrorCode, on id: Int32) { streams[id]?.resetByPeer = code }

  override func endSent(on id: Int32) {
    guard let stream = streams[id] else { return }
    stream.isAnswered = true
    if !stream.hasEnded, !isRestShort(of: stream) { _ = refuse(stream, .noError) }
  }

  override func resetSent(_ code: HTTP2ErrorCode, on id: Int32) {
    if streams[id]?.isGivenUp != true { super.resetSent(code, on: id) }
    if code == .refusedStream, streams[id] == nil { events.append(.rejected(.tooManyStreams)) }
  }

  override func streamClosed(_ id: Int32, _ code: HTTP2ErrorCode) {
    guard let stream = streams.removeValue(forKey: id) else { return }
    openStreamCount -= 1
    waitingContentBytes -= stream.answer?.remainingBytes ?? 0
    isNoLongerIncomplete(stream.incompleteBytes)
    if !stream.hasEnded, stream.resetByPeer == nil {
      strayResetsAllowance = min(strayResetsAllowance + 1, limits.concurrentStreamsLimit)
      strayBytesAllowance = min(max(strayBytesAllowance, 0) + limits.streamWindowBytes, limits.connectionWindowBytes)
    }
    if awaitingVerdict == id { awaitingVerdict = nil }
    guard stream.isAnnounced else {
      return events.append(.rejected(code == .enhanceYourCalm ? .headFlood : .malformed))
    }
    let end: StreamEnd = stream.isAnswered ? .answered : stream.resetByPeer.map { .resetByPeer($0) } ?? .reset(code)
    events.append(.ended(HTTP2StreamID(rawValue: id), end))
  }

  override func pingAcknowledged(_ payload: UInt64) { if payload == Self.drainPing, isDraining { sayGoAway() } }

  // MARK: Private

  private func sayGoAway() {
    guard !hasSaidGoAway else { return }
    hasSaidGoAway = true
    isDraining = true
    attempt { () throws(HTTP2Error) in try library.submitGoAway() }
  }

  /// - Returns: false.
  private func refuse(_ stream: ServerStream, _ code: HTTP2ErrorCode) -> Bool {
    attempt { () throws(HTTP2Error) in try library.submitReset(code, on: stream.id) }
    return false
  }

  /// Whether the rest of the content is on its way, and fits into what the client may surely send without getting more credit.
  private func isRestShort(of stream: ServerStream) -> Bool {
    guard let length = stream.contentLength, !stream.awaitsContinue else { return false }
    return length - stream.receivedBytes <= limits.streamWindowBytes / 2
  }

  private func contentIsTooLarge(_ stream: ServerStream) {
    discardContent(of: stream)
    events.append(.failed(HTTP2StreamID(rawValue: stream.id), .contentTooLarge))
  }

  /// Has all content thrown away, what is kept of it and what may still come.
  private func discardContent(of stream: ServerStream) {
    let count = stream.incompleteBytes
    stream.phase = .discarding
    stream.request = nil
    isNoLongerIncomplete(count)
  }

  /// Takes `count` bytes off what is kept of unfinished requests.
  private func isNoLongerIncomplete(_ count: Int) {
    incompleteContentBytes -= count
    if isCreditWithheld { giveWithheldCredit() }
  }

  /// Gives credit to all that wait for it, or to the oldest request alone where too much is kept: somebody must always get on, for what
  /// is kept goes away only when a request is complete.
  private func giveWithheldCredit() {
    isCreditWithheld = incompleteContentBytes > limits.incompleteContentBytesLimit
    let reading = streams.values.filter { $0.phase == .readingContent }
    let oldest = reading.min { $0.id < $1.id }?.id
    for stream in reading where stream.withheldBytes > 0 && (!isCreditWithheld || stream.id == oldest) {
      let count = stream.withheldBytes
      stream.withheldBytes = 0
      attempt { () throws(HTTP2Error) in try library.consume(count, on: stream.id) }
    }
  }
}
