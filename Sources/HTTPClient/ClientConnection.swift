import HTTP
import Transport

/// One HTTP/1.1 connection to a server, busy with one call at a time.
final class ClientConnection: ChannelHandler {
  private let channel: Channel
  private let pool: ConnectionPool
  private let origin: Origin
  private let configuration: HTTPClient.Configuration
  private var decoder = HTTP1ResponseDecoder()
  private var call: Call?
  private var isEstablished = false
  /// Whether a response has come over this connection: then the server may have closed it while our next request was under way.
  private var isReused = false
  private var hasServerClosed = false

  init(_ channel: Channel, in pool: ConnectionPool, origin: Origin, _ configuration: HTTPClient.Configuration) {
    self.channel = channel
    self.pool = pool
    self.origin = origin
    self.configuration = configuration
  }

  func start() throws(TransportError) {
    // For the TLS handshake.
    channel.setDeadline(.now + configuration.connectDeadline)
    try channel.start(self)
  }

  func run(_ call: Call) {
    self.call = call
    call.connection = self
    channel.setDeadline(call.deadline)
    let request = call.request
    decoder.expectResponse(to: request.method, contentBytesLimit: request.responseBytesLimit)
    var bytes: [UInt8] = []
    HTTP1Writer.write(
      request.method, target: request.target, authority: origin.authority, fields: request.fields, content: request.content,
      to: &bytes)
    channel.send(bytes)
  }

  func close() { channel.close() }

  func shutDown() {
    call?.finish(.failure(.shutDown))
    channel.close()
  }

  // MARK: ChannelHandler

  func established(_ applicationProtocol: String?) {
    isEstablished = true
    channel.setDeadline(.now + configuration.idleLifetime)
    pool.isReady(self)
  }

  func received(_ bytes: Span<UInt8>) {
    decoder.receive(bytes)
    // An idle connection is told nothing: a server that speaks now is saying goodbye (408), or is broken.
    guard let call else { return channel.close() }
    do throws(HTTP1Error) {
      switch try decoder.next() {
      case .needsMore: break
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
      hasServerClosed = true
      channel.close()
    }
  }

  func sentAll() {}
  func deadlinePassed() {
    call?.finish(.failure(.deadlineExceeded(origin: origin.description, after: call?.limit ?? .zero)))
    channel.close()
  }

  func closed(_ closure: ChannelClosure) {
    let call = self.call
    self.call = nil
    pool.ended(
      self,
      establishing: isEstablished
        ? nil : (closure == .local ? "no TLS handshake within \(configuration.connectDeadline)" : closure.description))
    guard let call, !call.isOver else { return }
    // A kept connection that ends before the first byte of an answer was most likely closed before our request arrived; a request
    // that may be sent twice goes over another one, once (RFC 9110 section 9.2.2).
    if isReused, decoder.isUntouched, call.request.method.isIdempotent, !call.wasMoved {
      call.wasMoved = true
      pool.runAfresh(call)
    } else {
      let reason = hasServerClosed ? "the server closed it" : closure.description
      call.finish(.failure(.connectionLost(origin: origin.description, reason: reason)))
    }
  }

  private func finish(_ call: Call, _ response: HTTPResponse, keepsAlive: Bool) {
    self.call = nil
    call.finish(.success(ClientResponse(status: response.status, fields: response.fields, content: response.content)))
    // An answer that came before the whole request had left leaves the rest of it in the way.
    guard keepsAlive, channel.isOpen, channel.unsentBytes == 0 else { return channel.close() }
    isReused = true
    channel.setDeadline(.now + configuration.idleLifetime)
    pool.isReady(self)
  }

  private func refuse(_ call: Call, _ error: HTTP1Error) {
    self.call = nil
    call.finish(
      .failure(
        error == .contentTooLarge
          ? .responseTooLarge(origin: origin.description, limit: call.request.responseBytesLimit)
          : .malformedResponse(origin: origin.description, reason: error.description)))
    channel.close()
  }
}
