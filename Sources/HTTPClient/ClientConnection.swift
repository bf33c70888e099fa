import HTTP2
import Transport

/// One connection to a server, from the handshake to the end. ALPN decides which version of HTTP is spoken on it; without TLS, and with
/// servers that have no ALPN, it is HTTP/1.1.
final class ClientConnection: ChannelHandler {
  private enum Phase {
    /// TLS is being agreed on.
    case establishing
    case talking(any ClientConversation)
    case over
  }

  let channel: Channel
  let pool: ConnectionPool
  private var phase = Phase.establishing
  private var hasServerClosed = false
  /// Why we close the connection, where calls may be under way.
  private var reason: String?

  init(_ channel: Channel, in pool: ConnectionPool) {
    self.channel = channel
    self.pool = pool
  }

  func start() throws(TransportError) {
    // For the TLS handshake.
    channel.setDeadline(.now + pool.configuration.connectDeadline)
    try channel.start(self)
  }

  // MARK: For the pool

  var isEstablishing: Bool { if case .establishing = phase { true } else { false } }
  /// Whether it takes all the calls that there may be, now or in a moment.
  var isShared: Bool { conversation?.isShared ?? false }
  /// Whether it is established, and closing it loses nothing.
  var isIdle: Bool { conversation?.isIdle ?? false }

  /// Streamed calls under way on it.
  var streamedCount: Int { conversation?.streamedCount ?? 0 }

  func takes(_ call: Call) -> Bool { conversation?.takes(call) ?? false }

  func run(_ call: Call) { conversation?.run(call) }

  func retire() { conversation?.retire() }

  func close() { channel.close() }

  func shutDown() {
    conversation?.fail(.shutDown)
    channel.close()
  }

  // MARK: For the conversation

  /// Closes the connection at once, for a reason that calls under way will give.
  func close(because reason: String) {
    self.reason = reason
    channel.close()
  }

  /// Closes the connection, on which nothing more is owed to us, because the server has.
  func closeAfterServer() {
    hasServerClosed = true
    channel.close()
  }

  // MARK: ChannelHandler

  func established(_ applicationProtocol: String?) {
    let conversation: any ClientConversation
    if applicationProtocol == "h2" {
      do throws(HTTP2Error) {
        conversation = try HTTP2Conversation(self)
      } catch {
        // The library has no memory for another session.
        return close(because: "\(error)")
      }
    } else {
      conversation = HTTP1Conversation(self)
    }
    phase = .talking(conversation)
    conversation.begin()
    pool.established(self)
  }

  func received(_ bytes: Span<UInt8>) { conversation?.received(bytes) }

  func receivedEnd() { if let conversation { conversation.receivedEnd() } else { channel.close() } }

  func sentAll() { conversation?.sentAll() }

  func deadlinePassed() {
    if let conversation { return conversation.deadlinePassed() }
    close(because: "no TLS handshake within \(pool.configuration.connectDeadline)")
  }

  func closed(_ closure: ChannelClosure) {
    let reason = reason ?? (hasServerClosed ? "the server closed it" : closure.description)
    let isEstablishing = isEstablishing
    let conversation = conversation
    phase = .over
    pool.ended(self, establishing: isEstablishing ? reason : nil)
    conversation?.closed(reason)
  }

  private var conversation: (any ClientConversation)? { if case .talking(let conversation) = phase { conversation } else { nil } }
}
