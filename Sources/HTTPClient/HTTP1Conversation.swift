import HTTP
import Transport

/// HTTP/1.1 on one connection: one call at a time.
final class HTTP1Conversation: ClientConversation {
  /// What the reader of a streamed response may leave unread before its server is held back, in bytes.
  private static let unconsumedBytesLimit = 64 << 10

  private let connection: ClientConnection
  private var decoder = HTTP1ResponseDecoder()
  private var call: Call?
  /// Whether a response has come over this connection: then the server may have closed it while our next request was under way.
  private var isReused = false
  /// Content of a streamed call that its reader has not used up.
  private var unconsumedBytes = 0

  init(_ connection: ClientConnection) { self.connection = connection }

  private var channel: Channel { connection.channel }
  private var pool: ConnectionPool { connection.pool }

  // MARK: ClientConversation

  var isShared: Bool { false }
  var streamedCount: Int { call?.isStreamed == true ? 1 : 0 }
  var isIdle: Bool { call == nil }

  func begin() { channel.setDeadline(.now + pool.configuration.idleLifetime) }

  func takes(_ call: Call) -> Bool { self.call == nil && channel.isOpen }

  func run(_ call: Call) {
    self.call = call
    call.carrier = self
    // The call has a clock of its own.
    channel.setDeadline(nil)
    let request = call.request
    unconsumedBytes = 0
    decoder.expectResponse(to: request.method, contentBytesLimit: call.isStreamed ? .max : request.responseBytesLimit)
    var target = request.target
    var fields = request.fields
    if let proxy = pool.proxy, !request.origin.isSecure {
      // The proxy is told whom the request is for: the absolute form, RFC 9112 section 3.2.2.
      target = request.origin.description + target
      if let authorization = proxy.authorization { fields.append("proxy-authorization", authorization) }
    }
    var bytes: [UInt8] = []
    HTTP1Writer.write(
      request.method, target: target, authority: request.origin.authority, fields: fields, content: request.content, to: &bytes)
    channel.send(bytes)
  }

  func consumed(_ count: Int, of call: Call) {
    guard call === self.call else { return }
    unconsumedBytes -= count
    if unconsumedBytes < Self.unconsumedBytesLimit { channel.resumeReading() }
  }

  func received(_ bytes: Span<UInt8>) {
    decoder.receive(bytes)
    // An idle connection is told nothing: a server that speaks now is saying goodbye (408), or is broken.
    guard let call else { return channel.close() }
    do throws(HTTP1Error) {
      switch try decoder.next() {
      case .needsMore: deliverPart(to: call)
      case .response(let response, let keepsAlive): finish(call, response, keepsAlive: keepsAlive)
      }
    } catch {
      refuse(call, error)
    }
  }

  func receivedEnd() {
    guard let call else { return channel.close() }
    do throws(HTTP1Error) {
      finish(call, try decoder.finish(), keepsAlive: false)
    } catch {
      connection.closeAfterServer()
    }
  }

  func sentAll() {}

  func deadlinePassed() { channel.close() }

  func retire() { if isIdle { channel.close() } }

  func closed(_ reason: String) {
    guard let call else { return }
    self.call = nil
    // A kept connection that ends before the first byte of an answer was most likely closed before our request arrived; a request
    // that may be sent twice goes over another one, once (RFC 9110 section 9.2.2).
    if isReused, decoder.isUntouched, call.request.method.isIdempotent, !call.wasMoved {
      call.wasMoved = true
      pool.runAfresh(call)
    } else {
      call.end(.connectionLost(origin: call.origin, reason: reason))
    }
  }

  func fail(_ error: HTTPClientError) {
    let call = self.call
    self.call = nil
    call?.end(error)
  }

  /// The response may still come, so the connection is of no further use.
  func abandoned(_ call: Call) {
    guard call === self.call else { return }
    self.call = nil
    channel.close()
  }

  // MARK: Responses

  private func finish(_ call: Call, _ response: HTTPResponse, keepsAlive: Bool) {
    self.call = nil
    deliver(response, to: call)
    call.end()
    channel.resumeReading()
    // An answer that came before the whole request had left leaves the rest of it in the way.
    guard keepsAlive, channel.isOpen, channel.unsentBytes == 0 else { return channel.close() }
    isReused = true
    channel.setDeadline(.now + pool.configuration.idleLifetime)
    pool.isReady(connection)
  }

  /// Gives a streamed call what has come of its response.
  private func deliverPart(to call: Call) {
    guard call.isStreamed, let part = decoder.takePart() else { return }
    unconsumedBytes += part.content.count
    deliver(part, to: call)
    if unconsumedBytes >= Self.unconsumedBytesLimit { channel.pauseReading() }
  }

  private func deliver(_ response: HTTPResponse, to call: Call) {
    if !call.hasHead { call.receive(HTTPResponse(response.status, fields: response.fields)) }
    call.receive(response.content)
  }

  private func refuse(_ call: Call, _ error: HTTP1Error) {
    self.call = nil
    call.end(
      error == .contentTooLarge
        ? .responseTooLarge(origin: call.origin, limit: call.request.responseBytesLimit)
        : .malformedResponse(origin: call.origin, reason: error.description))
    channel.close()
  }
}
