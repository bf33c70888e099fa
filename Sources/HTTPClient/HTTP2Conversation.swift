import HTTP
import HTTP2
import Transport

/// HTTP/2 on one connection: many calls at a time, each a stream. The session says what comes for them; this keeps the clocks that the
/// session has not, and decides which calls may be sent again.
final class HTTP2Conversation: ClientConversation {
  /// How often the clocks are looked at.
  private static let checkInterval = Duration.milliseconds(100)

  private let connection: ClientConnection
  private let session: HTTP2ClientSession
  private var calls: [HTTP2StreamID: Call] = [:]
  /// A call that waits for the server's sign of life.
  private var held: Call?
  private var isRetired = false
  private var isClosing = false
  private var isReading = true
  /// When the last bytes came.
  private var lastReceived = ContinuousClock.now
  /// When a call began or ended the last time.
  private var lastUsed = ContinuousClock.now
  /// When the PING was sent after which nothing has come.
  private var pinged: ContinuousClock.Instant?

  init(_ connection: ClientConnection) throws(HTTP2Error) {
    self.connection = connection
    session = try HTTP2ClientSession(limits: connection.pool.configuration.http2, at: .now)
  }

  private var channel: Channel { connection.channel }
  private var pool: ConnectionPool { connection.pool }

  // MARK: ClientConversation

  var isShared: Bool { !isRetired && channel.isOpen }
  var streamedCount: Int { calls.values.count(where: \.isStreamed) + (held?.isStreamed == true ? 1 : 0) }
  var isIdle: Bool { calls.isEmpty && held == nil }

  func begin() {
    channel.setDeadline(.now + Self.checkInterval)
    settle()
  }

  /// Before the server has said how many streams it takes, one call goes ahead alone: a second might be refused. While a PING is not
  /// answered, calls wait: what has not been sent can still go elsewhere.
  func takes(_ call: Call) -> Bool {
    isShared && pinged == nil && session.canSubmit && (session.hasReceivedPreface || calls.isEmpty)
  }

  func run(_ call: Call) {
    call.carrier = self
    let now = ContinuousClock.now
    lastUsed = now
    if now - lastReceived >= pool.configuration.quietLimit {
      // Whoever sends on a connection whose other end is gone learns so after minutes. A call that has not been sent can still go
      // elsewhere, whatever its method.
      held = call
      ping(now)
    } else {
      submit(call)
    }
    settle()
  }

  func consumed(_ count: Int, of call: Call) {
    guard let id = stream(of: call) else { return }
    session.consumed(count, on: id)
    settle()
  }

  func received(_ bytes: Span<UInt8>) {
    guard !isClosing else { return }
    lastReceived = .now
    pinged = nil
    session.receive(bytes, at: lastReceived)
    settle()
    if let held {
      self.held = nil
      if isShared, session.canSubmit { submit(held) } else { pool.run(held) }
      settle()
    }
    pool.isReady(connection)
  }

  func receivedEnd() { connection.closeAfterServer() }

  func sentAll() {
    settle()
    pool.isReady(connection)
  }

  func retire() {
    guard !isRetired else { return }
    isRetired = true
    session.drain()
    settle()
  }

  func closed(_ reason: String) {
    isClosing = true
    let calls = takeCalls()
    if let held {
      self.held = nil
      pool.run(held)
    }
    for call in calls { lost(call, reason) }
  }

  func fail(_ error: HTTPClientError) {
    held?.end(error)
    held = nil
    for call in takeCalls() { call.end(error) }
    guard !isClosing else { return }
    session.drain()
    settle()
  }

  func abandoned(_ call: Call) {
    if call === held { held = nil }
    guard let id = stream(of: call) else { return }
    calls[id] = nil
    lastUsed = .now
    session.cancel(id)
    settle()
    pool.isReady(connection)
  }

  // MARK: Streams

  private func submit(_ call: Call) {
    let request = call.request
    let id = session.submit(
      request.method, target: request.target, authority: request.origin.authority, fields: request.fields,
      content: request.content)
    // The library has no memory for it, and the session has ended.
    guard let id else { return refused(call) }
    call.carrier = self
    calls[id] = call
  }

  /// Does what the session has to do, and sends what it has to say.
  private func settle() {
    guard !isClosing else { return }
    repeat {
      session.unsentBytes = channel.unsentBytes
      advance()
      send()
    } while !isClosing && channel.isOpen && session.canContinue
    setReading(!session.isCongested)
  }

  private func advance() {
    do throws(HTTP2Error) {
      while !isClosing {
        switch try session.next() {
        case .needsMore: return
        case .head(let id, let head): calls[id]?.receive(head)
        case .content(let id, let content): receive(content, on: id)
        case .end(let id): take(id)?.end()
        case .failed(let id, let error): failed(id, error)
        // Those that the server will not look at fail by themselves.
        case .goAway: isRetired = true
        case .pong: break
        case .finished: return close()
        }
      }
    } catch {
      broken(error)
    }
  }

  private func receive(_ content: [UInt8], on id: HTTP2StreamID) {
    guard let call = calls[id] else { return }
    if !call.isStreamed { session.consumed(content.count, on: id) }
    call.receive(content)
  }

  private func failed(_ id: HTTP2StreamID, _ error: HTTP2StreamError) {
    guard let call = take(id) else { return }
    switch error {
    case .notProcessed: refused(call)
    case .reset: call.end(.connectionLost(origin: call.origin, reason: "\(error)"))
    case .malformed, .headTooLarge: call.end(.malformedResponse(origin: call.origin, reason: "\(error)"))
    }
  }

  /// The server has not looked at the call: it may be sent again whatever its method, RFC 9113 section 8.7. Over another connection, for
  /// this server end may refuse it again.
  private func refused(_ call: Call) {
    retire()
    call.refusals += 1
    guard call.refusals <= Call.refusalsLimit else { return call.end(.refused(origin: call.origin, times: call.refusals)) }
    pool.run(call)
  }

  /// The connection is gone, and nobody knows how far the call got.
  private func lost(_ call: Call, _ reason: String) {
    guard call.request.method.isIdempotent, !call.hasHead, !call.wasMoved else {
      return call.end(.connectionLost(origin: call.origin, reason: reason))
    }
    call.wasMoved = true
    pool.run(call)
  }

  private func take(_ id: HTTP2StreamID) -> Call? {
    lastUsed = .now
    return calls.removeValue(forKey: id)
  }

  private func takeCalls() -> [Call] {
    defer { calls = [:] }
    return calls.sorted { $0.key < $1.key }.map(\.value)
  }

  private func stream(of call: Call) -> HTTP2StreamID? { calls.first { $0.value === call }?.key }

  // MARK: The end

  /// The server breaks the protocol, or has us do more work than its answers are worth.
  private func broken(_ error: HTTP2Error) {
    isRetired = true
    for call in takeCalls() {
      if case .violation = error {
        call.end(.malformedResponse(origin: call.origin, reason: "\(error)"))
      } else {
        call.end(.connectionLost(origin: call.origin, reason: "\(error)"))
      }
    }
    close()
  }

  /// Sends what is left, the GOAWAY among it, and closes.
  private func close() {
    guard !isClosing else { return }
    isClosing = true
    isRetired = true
    send()
    channel.setDeadline(.now + pool.configuration.pongDeadline)
    channel.closeWhenSent()
  }

  private func send() {
    let output = session.takeOutput()
    if !output.isEmpty { channel.send(output) }
    session.unsentBytes = channel.unsentBytes
  }

  // MARK: Clocks

  func deadlinePassed() {
    // The server does not take the last words.
    if isClosing { return channel.close() }
    let now = ContinuousClock.now
    let configuration = pool.configuration
    channel.setDeadline(now + Self.checkInterval)
    if let pinged {
      guard now - pinged < configuration.pongDeadline else {
        return connection.close(because: "the server does not answer a PING within \(configuration.pongDeadline)")
      }
    } else if !calls.isEmpty, now - lastReceived >= patience {
      ping(now)
    } else if isIdle, now - lastUsed >= configuration.idleLifetime {
      retire()
    }
    settle()
  }

  /// How long nothing may come while calls are under way. Those who wait for a whole response are owed one soon; a streamed one may have
  /// nothing to say.
  private var patience: Duration {
    let configuration = pool.configuration
    return calls.values.contains { !$0.isStreamed } ? configuration.answerQuietLimit : configuration.quietLimit
  }

  private func ping(_ now: ContinuousClock.Instant) {
    pinged = now
    session.ping()
  }

  private func setReading(_ isReading: Bool) {
    guard isReading != self.isReading, channel.isOpen, !isClosing else { return }
    self.isReading = isReading
    if isReading { channel.resumeReading() } else { channel.pauseReading() }
  }
}
