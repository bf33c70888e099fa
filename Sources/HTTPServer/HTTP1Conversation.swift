import HTTP
import Telemetry
import Transport

/// HTTP/1.1 on one connection: one request at a time is served, and pipelined ones wait in the decoder.
final class HTTP1Conversation: ServerConversation {
  private enum Phase: Equatable {
    case idle
    case readingHead
    case readingContent
    case serving
    case closing
  }

  /// How often the rate at which content comes is looked at.
  private static let rateInterval = Duration.seconds(1)

  private let channel: Channel
  private let server: HTTPListener
  private var decoder: HTTP1RequestDecoder
  private var phase = Phase.idle
  /// Counts requests, so that a late answer does not meet the next request.
  private var number: UInt64 = 0
  private var serve: ((HTTPRequest, Responder) -> Void)?
  private var keepsAlive = true
  private var isHead = false
  private var hasReceivedEnd = false
  private var output: [UInt8] = []
  /// When the wait for what the peer is to send began: the next request, the rest of a head, or content.
  private var waitBegan = ContinuousClock.now
  /// How much of the content has come.
  private var contentBytes = 0
  /// The undelivered bytes when the reader was last looked at.
  private var undeliveredBefore = 0
  /// Whether the deadline is one for the reader.
  private var awaitsReader = false

  init(_ channel: Channel, of server: HTTPListener) {
    self.channel = channel
    self.server = server
    decoder = HTTP1RequestDecoder(limits: server.limits.http)
  }

  // MARK: ServerConversation

  var waitingSince: ContinuousClock.Instant? {
    switch phase {
    case .idle where channel.unsentBytes == 0, .readingHead, .readingContent: waitBegan
    case .idle, .serving, .closing: nil
    }
  }

  func begin() { wait(server.limits.idleDeadline) }

  /// Waits for the peer, for `limit` at most.
  private func wait(_ limit: Duration) {
    waitBegan = .now
    awaitsReader = false
    channel.setDeadline(waitBegan + limit)
  }

  func received(_ bytes: Span<UInt8>) {
    guard phase != .closing else { return }
    decoder.receive(bytes)
    if phase == .readingContent { contentBytes += bytes.count }
    if phase == .serving {
      // The next requests wait; so does their sender, once it has filled what we hold for it.
      if decoder.bufferedBytes > 64 << 10 { channel.pauseReading() }
    } else {
      advance()
    }
  }

  func receivedEnd() {
    hasReceivedEnd = true
    // Between requests and in the middle of one nothing is left to answer, but earlier answers may still be on their way out.
    if phase != .serving { closeWhenSent() }
  }

  func sentAll() { if phase == .idle { goOn() } }

  func deadlinePassed() {
    let limits = server.limits
    switch phase {
    case .readingHead:
      server.metrics.hit(.headDeadline)
      fail(.requestTimeout, "the head did not arrive within \(limits.headDeadline)")
    case .readingContent: judgeContent(.now)
    case .idle where channel.unsentBytes > 0, .closing: judgeReader()
    case .idle: abandon(.idleDeadline)
    case .serving: abandon(.answerDeadline)
    }
  }

  func closed() {
    phase = .closing
    serve = nil
  }

  func flush() {}

  func drain() {
    guard phase == .idle else { return }
    if channel.unsentBytes == 0 { channel.close() } else { closeWhenSent() }
  }

  /// What was answered must leave, a part of it at least between one look and the next.
  private func judgeReader() {
    guard channel.undeliveredBytes < undeliveredBefore else { return abandon(.writeDeadline) }
    awaitReader()
  }

  private func awaitReader() {
    undeliveredBefore = channel.undeliveredBytes
    awaitsReader = true
    channel.setDeadline(.now + server.limits.writeDeadline)
  }

  private func abandon(_ limit: ServerLimit) {
    server.metrics.hit(limit)
    channel.close()
  }

  // MARK: Requests

  private func advance() {
    do throws(HTTP1Error) {
      while phase != .serving, phase != .closing {
        guard channel.unsentBytes <= server.limits.unsentBytesLimit else { return holdBack() }
        switch try decoder.next() {
        case .needsMore: return awaitMore()
        case .head(let head, let facts): try judge(head, facts)
        case .request(let request):
          phase = .serving
          awaitsReader = false
          channel.setDeadline(.now + server.limits.answerDeadline)
          let serve = self.serve
          self.serve = nil
          serve?(request, Responder(self, on: channel.loop, number: number))
        }
      }
    } catch {
      switch error {
      case .targetTooLong, .headTooLarge, .tooManyFields: server.metrics.hit(.headBytes)
      case .contentTooLarge: server.metrics.hit(.contentBytes)
      default: server.metrics.malformed.add()
      }
      if error == .notHTTP { channel.close() } else { fail(error.status, error.description) }
    }
  }

  private func awaitMore() {
    if hasReceivedEnd { return closeWhenSent() }
    switch phase {
    // Who sends on gets no more time to read.
    case .idle where channel.unsentBytes > 0: if !awaitsReader { awaitReader() }
    case .idle where decoder.isBetweenMessages: wait(server.limits.idleDeadline)
    case .idle:
      phase = .readingHead
      wait(server.limits.headDeadline)
    // The deadline of a part runs from its first byte; more bytes do not move it.
    case .readingHead, .readingContent, .serving, .closing: break
    }
  }

  private func judge(_ head: HTTPRequest, _ facts: HTTP1RequestDecoder.HeadFacts) throws(HTTP1Error) {
    number &+= 1
    isHead = head.method == .head
    keepsAlive = facts.keepsAlive && !server.isDraining
    let length = facts.contentLength ?? 0
    guard length <= server.limits.http.contentBytesLimit else { throw .contentTooLarge }
    server.dispatched(head)
    switch server.service.admit(head) {
    case .answer(let response) where server.limits.readsUnwantedContent(facts.contentLength, waits: facts.expectsContinue):
      serve = { [unowned self] _, _ in finish(response) }
      try decoder.acceptContent(limit: ServerLimits.unwantedBytesLimit)
      phase = .readingContent
      beginContent()
    case .answer(let response):
      // Content that is on its way would stand between this request and the next.
      keepsAlive = keepsAlive && facts.contentLength == 0
      if keepsAlive {
        try decoder.acceptContent(limit: 0)
        _ = try decoder.next()
      }
      phase = .serving
      finish(response)
    case .proceed(let contentLimit, let serve):
      self.serve = serve
      try decoder.acceptContent(limit: contentLimit)
      phase = .readingContent
      beginContent()
      if facts.expectsContinue, facts.contentLength != 0 {
        var interim: [UInt8] = []
        HTTP1Writer.writeContinue(to: &interim)
        channel.send(interim)
      }
    }
  }

  private func beginContent() {
    contentBytes = decoder.bufferedBytes
    wait(min(server.limits.contentDeadline, server.limits.contentRateGrace))
  }

  /// Content must be whole in time, and on the way to it come at the rate that lets it be.
  private func judgeContent(_ now: ContinuousClock.Instant) {
    let limits = server.limits
    let elapsed = now - waitBegan
    if elapsed >= limits.contentDeadline {
      server.metrics.hit(.contentDeadline)
      return fail(.requestTimeout, "the content did not arrive within \(limits.contentDeadline)")
    }
    guard limits.allowsRate(of: contentBytes, after: elapsed) else {
      server.metrics.hit(.contentRate)
      return fail(.requestTimeout, "the content arrives at less than \(limits.contentBytesPerSecond) bytes a second")
    }
    channel.setDeadline(min(waitBegan + limits.contentDeadline, now + Self.rateInterval))
  }

  /// Answers the request `number`, if that is the one being served.
  func respond(_ response: HTTPResponse, to number: UInt64) {
    guard phase == .serving, number == self.number else { return }
    finish(response)
    if phase == .idle { goOn() }
  }

  /// Serves the next request, if there is one.
  private func goOn() {
    channel.resumeReading()
    advance()
  }

  /// While the peer leaves much unread, none of its further requests is served or read.
  private func holdBack() {
    server.metrics.hit(.unsentBytes)
    channel.pauseReading()
    awaitReader()
  }

  private func finish(_ response: HTTPResponse) {
    // After the peer's half-close the pipelined requests that came before it are still answered.
    let persists =
      keepsAlive && number < server.limits.requestsLimit && !server.isDraining
      && (!hasReceivedEnd || decoder.bufferedBytes > 0)
    if number == server.limits.requestsLimit { server.metrics.hit(.requests) }
    output.removeAll(keepingCapacity: true)
    HTTP1Writer.write(response, date: server.date(), keepsAlive: persists, isHead: isHead, to: &output)
    server.metrics.answered(response.status)
    channel.send(output)
    if output.capacity > 64 << 10 { output = [] }
    guard persists else { return closeWhenSent() }
    phase = .idle
    isHead = false
  }

  /// Answers a message that was not understood, and ends the connection: nothing after it is looked at.
  private func fail(_ status: HTTPStatus, _ reason: String) {
    keepsAlive = false
    phase = .serving
    finish(HTTPResponse(status, text: "\(reason)\n"))
  }

  private func closeWhenSent() {
    phase = .closing
    awaitReader()
    channel.closeWhenSent()
  }
}
