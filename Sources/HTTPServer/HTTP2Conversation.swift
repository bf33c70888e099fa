import HTTP
import HTTP2
import Telemetry
import Transport

/// HTTP/2 on one connection: many requests at a time. The session says what they are; this gives them to the service, and keeps the
/// clocks that the session has not.
final class HTTP2Conversation: ServerConversation {
  /// One request: what it waits for, and until when.
  private struct Request {
    enum Phase {
      /// Content is still to come.
      case receiving((HTTPRequest, Responder) -> Void)
      /// The service has it.
      case serving
      /// The peer has to read the answer, and may still owe the rest of a request that was not needed.
      case answered
    }

    let phase: Phase
    let since = ContinuousClock.now
    let deadline: ContinuousClock.Instant

    init(_ phase: Phase, deadline: ContinuousClock.Instant) {
      self.phase = phase
      self.deadline = deadline
    }

    var isServing: Bool { if case .serving = phase { true } else { false } }
  }

  /// How often the clocks are looked at.
  private static let checkInterval = Duration.seconds(1)

  private let channel: Channel
  private let server: HTTPListener
  private let session: HTTP2ServerSession
  private let began = ContinuousClock.now
  private var requests: [HTTP2StreamID: Request] = [:]
  private var isClosing = false
  private var isReading = true
  private var hasReceivedEnd = false
  private var hasReachedRequestsLimit = false
  /// When the last request was over.
  private var lastEnd = ContinuousClock.now
  /// Since when each of these has been so; nil where it is not.
  private var amidFrameSince: ContinuousClock.Instant?
  private var frameCountBefore = 0
  private var blockedSince: ContinuousClock.Instant?
  private var unsentSince: ContinuousClock.Instant?
  private var undeliveredBefore = 0
  private var sentContentBefore = 0
  /// When a connection that is to end in order is given up.
  private var drainEnd: ContinuousClock.Instant?

  init(_ channel: Channel, of server: HTTPListener) throws(HTTP2Error) {
    self.channel = channel
    self.server = server
    session = try HTTP2ServerSession(limits: server.limits.http2, http: server.limits.http, at: .now)
  }

  // MARK: ServerConversation

  var waitingSince: ContinuousClock.Instant? {
    guard !isClosing, !requests.values.contains(where: \.isServing) else { return nil }
    return requests.values.map(\.since).min() ?? lastEnd
  }

  func begin() {
    channel.setDeadline(.now + Self.checkInterval)
    advance()
    flush()
  }

  func received(_ bytes: Span<UInt8>) {
    guard !isClosing else { return }
    session.receive(bytes, at: .now)
    advance()
    server.needsFlush(self)
  }

  func receivedEnd() {
    // A client that sends nothing more asks for nothing more; what it asked for it may still read.
    hasReceivedEnd = true
    drain()
  }

  func sentAll() {
    unsentSince = nil
    advance()
    flush()
  }

  func closed() {
    isClosing = true
    requests = [:]
  }

  func respond(_ response: HTTPResponse, to number: UInt64) {
    let id = HTTP2StreamID(rawValue: Int32(truncatingIfNeeded: number))
    guard requests[id]?.isServing == true else { return }
    answer(response, id)
    advance()
    server.needsFlush(self)
  }

  func drain() {
    guard !isClosing else { return }
    drainEnd = drainEnd ?? .now + server.limits.writeDeadline
    session.drain()
    advance()
    flush()
  }

  /// Sends what the session has to say, as far as the peer reads.
  func flush() {
    while channel.isOpen {
      let output = session.takeOutput()
      guard !output.isEmpty else { break }
      channel.send(output)
      session.unsentBytes = channel.unsentBytes
      advance()
    }
    setReading(!session.isCongested)
    if hasReceivedEnd, !session.isCongested, requests.allSatisfy({ canEnd($0, $1) }) { close() }
  }

  /// Whether nothing more can come of a request of a client that sends nothing more, credit for content included.
  private func canEnd(_ id: HTTP2StreamID, _ request: Request) -> Bool {
    switch request.phase {
    case .receiving: true
    case .serving: false
    case .answered: session.isAnswered(id) || session.isBlockedByPeer
    }
  }

  // MARK: Requests

  private func advance() {
    session.unsentBytes = channel.unsentBytes
    defer { noteRequestsLimit() }
    do throws(HTTP2Error) {
      while !isClosing {
        switch try session.next() {
        case .needsMore: return
        case .head(let id, let head, let facts): judge(id, head, facts)
        case .request(let id, let request): serve(id, request)
        case .failed(let id, let error):
          server.metrics.hit(error == .contentTooLarge ? .contentBytes : .headBytes)
          answer(HTTPResponse(error.status, text: "\(error)\n"), id)
        case .ended(let id, _):
          requests[id] = nil
          lastEnd = .now
        case .rejected(let rejection): count(rejection)
        case .finished: return close()
        }
      }
    } catch {
      count(error)
      close()
    }
  }

  private func judge(_ id: HTTP2StreamID, _ head: HTTPRequest, _ facts: HTTP2ServerSession.HeadFacts) {
    server.dispatched(head)
    switch server.service.admit(head) {
    case .answer(let response) where server.limits.readsUnwantedContent(facts.contentLength, waits: facts.expectsContinue):
      requests[id] = Request(
        .receiving { [unowned self] _, _ in answer(response, id) }, deadline: .now + server.limits.contentDeadline)
      session.acceptContent(limit: ServerLimits.unwantedBytesLimit, of: id)
    case .answer(let response): answer(response, id)
    case .proceed(let contentLimit, let serve):
      requests[id] = Request(.receiving(serve), deadline: .now + server.limits.contentDeadline)
      session.acceptContent(limit: contentLimit, of: id)
      if facts.expectsContinue, facts.contentLength != 0 { session.sendContinue(on: id) }
    }
  }

  private func serve(_ id: HTTP2StreamID, _ request: HTTPRequest) {
    guard case .receiving(let serve)? = requests[id]?.phase else { return }
    requests[id] = Request(.serving, deadline: .now + server.limits.answerDeadline)
    serve(request, Responder(self, on: channel.loop, number: UInt64(id.rawValue)))
  }

  private func answer(_ response: HTTPResponse, _ id: HTTP2StreamID) {
    requests[id] = Request(.answered, deadline: .now + server.limits.contentDeadline)
    server.metrics.answered(response.status)
    session.respond(response, to: id, date: server.date())
  }

  private func noteRequestsLimit() {
    guard !hasReachedRequestsLimit, session.requestCount >= server.limits.requestsLimit else { return }
    hasReachedRequestsLimit = true
    server.metrics.hit(.requests)
  }

  // MARK: The end

  /// Sends what is left, the GOAWAY that says why among it, and closes.
  private func close() {
    guard !isClosing else { return }
    isClosing = true
    requests = [:]
    let output = session.takeOutput()
    if !output.isEmpty { channel.send(output) }
    channel.closeWhenSent()
    unsentSince = .now
    undeliveredBefore = channel.undeliveredBytes
  }

  private func count(_ rejection: HTTP2ServerSession.Rejection) {
    switch rejection {
    case .malformed: server.metrics.malformed.add()
    case .headFlood: server.metrics.hit(.headBytes)
    case .tooManyStreams: server.metrics.hit(.streams)
    }
  }

  private func count(_ error: HTTP2Error) {
    switch error {
    case .tooManyResets: server.metrics.hit(.resets)
    case .tooManyControlFrames, .tooManyContinuations: server.metrics.hit(.controlFrames)
    case .notHTTP2, .violation, .library: server.metrics.malformed.add()
    }
  }

  // MARK: Clocks

  func deadlinePassed() {
    let now = ContinuousClock.now
    note(now)
    if let limit = overdue(now) {
      server.metrics.hit(limit)
      // A peer that reads nothing would not read why either.
      guard limit == .idleDeadline else { return channel.close() }
      drain()
    }
    expireRequests(now)
    advance()
    flush()
    channel.setDeadline(now + Self.checkInterval)
  }

  /// Notes what has begun, and what has ended, since the last look.
  private func note(_ now: ContinuousClock.Instant) {
    func since(_ instant: ContinuousClock.Instant?, _ isSo: Bool) -> ContinuousClock.Instant? { isSo ? instant ?? now : nil }
    // A connection that is busy is in the middle of some frame most of the time.
    amidFrameSince = since(session.frameCount == frameCountBefore ? amidFrameSince : nil, session.isAmidFrame)
    frameCountBefore = session.frameCount
    // A connection that is used to its limits is blocked most of the time, for a moment.
    let gotOn = session.sentContentBytes > sentContentBefore
    blockedSince = since(gotOn ? nil : blockedSince, session.isBlockedByPeer)
    sentContentBefore = session.sentContentBytes
    let undelivered = channel.undeliveredBytes
    unsentSince = since(undelivered < undeliveredBefore ? nil : unsentSince, channel.unsentBytes > 0)
    undeliveredBefore = undelivered
  }

  /// The limit that the connection as a whole has passed.
  private func overdue(_ now: ContinuousClock.Instant) -> ServerLimit? {
    let limits = server.limits
    if !session.hasReceivedPreface, began + limits.headDeadline <= now { return .headDeadline }
    if let amidFrameSince {
      // Between requests only a head can be on its way; else it may be content.
      if requests.isEmpty, amidFrameSince + limits.headDeadline <= now { return .headDeadline }
      if amidFrameSince + limits.contentDeadline <= now { return .contentDeadline }
    }
    if let blockedSince, blockedSince + limits.writeDeadline <= now { return .writeDeadline }
    if let unsentSince, unsentSince + limits.writeDeadline <= now { return .writeDeadline }
    guard session.isIdle else { return nil }
    if let drainEnd { return drainEnd <= now ? .writeDeadline : nil }
    return lastEnd + limits.idleDeadline <= now ? .idleDeadline : nil
  }

  private func expireRequests(_ now: ContinuousClock.Instant) {
    let limits = server.limits
    for (id, request) in requests {
      let isLate = request.deadline <= now
      switch request.phase {
      case .receiving where isLate:
        server.metrics.hit(.contentDeadline)
        answer(HTTPResponse(.requestTimeout, text: "the content did not arrive within \(limits.contentDeadline)\n"), id)
      case .receiving where !limits.allowsRate(of: session.contentBytes(of: id), after: now - request.since):
        server.metrics.hit(.contentRate)
        let rate = limits.contentBytesPerSecond
        answer(HTTPResponse(.requestTimeout, text: "the content arrives at less than \(rate) bytes a second\n"), id)
      case .serving where isLate:
        server.metrics.hit(.answerDeadline)
        answer(HTTPResponse(.serviceUnavailable, text: "no answer within \(limits.answerDeadline)\n"), id)
      // The rest of the request is awaited no longer. An answer that is not read yet is a matter of the connection's clocks.
      case .answered where isLate && session.isAnswered(id): session.reset(id, .noError)
      case .receiving, .serving, .answered: break
      }
    }
  }

  private func setReading(_ isReading: Bool) {
    guard isReading != self.isReading, channel.isOpen else { return }
    self.isReading = isReading
    guard !isReading else { return channel.resumeReading() }
    server.metrics.hit(.unsentBytes)
    channel.pauseReading()
  }
}
