import HTTP2
import Transport

/// One connection to a server, from the handshake to the end. ALPN decides which version of HTTP is spoken on it; without TLS, and with
/// servers that have no ALPN, it is HTTP/1.1.
final class ClientConnection: ChannelHandler {
  private enum Phase {
    /// The proxy has been asked for a tunnel to the origin.
    case tunnelling(ProxyTunnel)
    /// TLS is being agreed on, where there is any.
    case securing
    case talking(any ClientConversation)
    case over
  }

  let channel: Channel
  let pool: ConnectionPool
  private let tls: Connector.TLS?
  private var phase = Phase.securing
  /// Why we close the connection, where calls may be under way.
  private var reason: String?

  /// - Parameters:
  ///   - tunnel: to be asked for first; nil where the channel leads to the origin, or to a proxy that takes requests for it.
  ///   - tls: to be spoken with the origin.
  init(_ channel: Channel, in pool: ConnectionPool, tunnel: ProxyTunnel?, tls: Connector.TLS?) {
    self.channel = channel
    self.pool = pool
    self.tls = tls
    if let tunnel { phase = .tunnelling(tunnel) }
  }

  func start() throws(TransportError) {
    // For the proxy's answer or the TLS handshake.
    channel.setDeadline(.now + pool.configuration.connectDeadline)
    try channel.start(self)
  }

  // MARK: For the pool

  var isEstablishing: Bool {
    switch phase {
    case .tunnelling, .securing: true
    case .talking, .over: false
    }
  }
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

  /// Closes the connection because the server has.
  func closeAfterServer() { close(because: "the server closed it") }

  // MARK: ChannelHandler

  func established(_ applicationProtocol: String?) {
    if case .tunnelling(let tunnel) = phase { return channel.send(tunnel.request) }
    if let tls, !channel.isSecure { return channel.secure(tls) }
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

  func received(_ bytes: Span<UInt8>) {
    switch phase {
    case .tunnelling(var tunnel):
      do throws(ProxyRefusal) {
        let stands = try tunnel.receive(bytes)
        phase = stands ? .securing : .tunnelling(tunnel)
        guard stands else { return }
        channel.setDeadline(.now + pool.configuration.connectDeadline)
        established(nil)
      } catch {
        close(because: error.description)
      }
    case .talking(let conversation): conversation.received(bytes)
    case .securing, .over: break
    }
  }

  func receivedEnd() {
    switch phase {
    case .tunnelling(let tunnel): close(because: tunnel.refusal("it closed the connection").description)
    case .talking(let conversation): conversation.receivedEnd()
    case .securing, .over: closeAfterServer()
    }
  }

  func sentAll() { conversation?.sentAll() }

  func deadlinePassed() {
    let limit = pool.configuration.connectDeadline
    switch phase {
    case .tunnelling(let tunnel): close(because: tunnel.refusal("no answer within \(limit)").description)
    case .securing: close(because: "no TLS handshake within \(limit)")
    case .talking(let conversation): conversation.deadlinePassed()
    case .over: break
    }
  }

  func closed(_ closure: ChannelClosure) {
    let reason = reason ?? closure.description
    let isEstablishing = isEstablishing
    let conversation = conversation
    phase = .over
    pool.ended(self, establishing: isEstablishing ? reason : nil)
    conversation?.closed(reason)
  }

  private var conversation: (any ClientConversation)? { if case .talking(let conversation) = phase { conversation } else { nil } }
}
