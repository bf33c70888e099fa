import HTTP
import Telemetry
import Transport

/// One HTTP/1.1 connection of a listener: one request at a time is served, and pipelined ones wait in the decoder.
final class ServerConnection: ChannelHandler {
  private enum Phase: Equatable {
    case idle
    case readingHead
    case readingContent
    case serving
    case closing
  }

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

  init(_ channel: Channel, of server: HTTPListener) {
    self.channel = channel
    self.server = server
    decoder = HTTP1RequestDecoder(limits: server.limits.http)
  }

  func start() throws(TransportError) {
    channel.setDeadline(.now + server.limits.idleDeadline)
    try channel.start(self)
  }

  // MARK: ChannelHandler

  func established(_ applicationProtocol: String?) {}

  func received(_ bytes: Span<UInt8>) {
    guard phase != .closing else { return }
    decoder.receive(bytes)
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

  func sentAll() {}

  func deadlinePassed() {
    switch phase {
    case .readingHead, .readingContent: fail(.requestTimeout, "the request did not arrive in time")
    case .idle, .serving, .closing: channel.close()
    }
  }

  func closed(_ closure: ChannelClosure) {
    phase = .closing
    serve = nil
    server.ended(self)
  }

  // MARK: Requests

  private func advance() {
    do throws(HTTP1Error) {
      while phase != .serving, phase != .closing {
        switch try decoder.next() {
        case .needsMore: return awaitMore()
        case .head(let head, let facts): try judge(head, facts)
        case .request(let request):
          phase = .serving
          channel.setDeadline(.now + server.limits.answerDeadline)
          let serve = self.serve
          self.serve = nil
          serve?(request, Responder(self, on: channel.loop, number: number))
        }
      }
    } catch {
      server.metrics.malformed.add()
      fail(error.status, error.description)
    }
  }

  private func awaitMore() {
    if hasReceivedEnd { return closeWhenSent() }
    switch phase {
    case .idle where decoder.isBetweenMessages: channel.setDeadline(.now + server.limits.idleDeadline)
    case .idle:
      phase = .readingHead
      channel.setDeadline(.now + server.limits.headDeadline)
    // The deadline of a part runs from its first byte; more bytes do not move it.
    case .readingHead, .readingContent, .serving, .closing: break
    }
  }

  private func judge(_ head: HTTPRequest, _ facts: HTTP1RequestDecoder.HeadFacts) throws(HTTP1Error) {
    number &+= 1
    isHead = head.method == .head
    keepsAlive = facts.keepsAlive && !server.isDraining
    switch server.service.admit(head) {
    case .answer(let response):
      // Content that nobody asked for is not worth reading: the connection ends with the answer.
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
      channel.setDeadline(.now + server.limits.contentDeadline)
      if facts.expectsContinue, facts.contentLength != 0 {
        var interim: [UInt8] = []
        HTTP1Writer.writeContinue(to: &interim)
        channel.send(interim)
      }
    }
  }

  /// Answers the request `number`, if that is the one being served.
  func respond(_ response: HTTPResponse, to number: UInt64) {
    guard phase == .serving, number == self.number else { return }
    finish(response)
    if phase == .idle {
      channel.resumeReading()
      advance()
    }
  }

  private func finish(_ response: HTTPResponse) {
    // After the peer's half-close the pipelined requests that came before it are still answered.
    let persists = keepsAlive && !server.isDraining && (!hasReceivedEnd || decoder.bufferedBytes > 0)
    output.removeAll(keepingCapacity: true)
    HTTP1Writer.write(response, date: server.date(), keepsAlive: persists, isHead: isHead, to: &output)
    server.metrics.answered(response.status)
    channel.send(output)
    if output.capacity > 64 << 10 { output = [] }
    guard channel.unsentBytes <= server.limits.unsentBytesLimit else { return channel.close() }
    guard persists else { return closeWhenSent() }
    phase = .idle
    isHead = false
    channel.setDeadline(.now + server.limits.idleDeadline)
  }

  /// Answers a message that was not understood, and ends the connection: nothing after it is looked at.
  private func fail(_ status: HTTPStatus, _ reason: String) {
    keepsAlive = false
    phase = .serving
    finish(HTTPResponse(status, text: "\(reason)\n"))
  }

  private func closeWhenSent() {
    phase = .closing
    // For a peer that does not read what is left.
    channel.setDeadline(.now + server.limits.idleDeadline)
    channel.closeWhenSent()
  }

  /// Closes the connection if nothing is under way on it; else it ends with its answer.
  func drain() {
    if phase == .idle { channel.close() }
  }

  func abandon() { channel.close() }
}
