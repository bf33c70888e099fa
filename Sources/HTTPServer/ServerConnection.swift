import HTTP
import HTTP2
import Telemetry
import Transport

/// One connection of a listener, from the handshake to the end. Which version of HTTP is spoken on it is found out first: by ALPN
/// where there is TLS, else by the first bytes (RFC 9113 section 3.3).
final class ServerConnection: ChannelHandler {
  private enum Phase {
    /// TLS is being agreed on.
    case securing
    /// What has come so far may be the preface of HTTP/2.
    case choosing([UInt8])
    case talking(any ServerConversation)
    case over
  }

  let channel: Channel
  private let server: HTTPListener
  private var phase: Phase
  private let began = ContinuousClock.now

  init(_ channel: Channel, of server: HTTPListener) {
    self.channel = channel
    self.server = server
    phase = channel.isSecure ? .securing : .choosing([])
  }

  func start() throws(TransportError) {
    channel.setDeadline(.now + (channel.isSecure ? server.limits.handshakeDeadline : server.limits.idleDeadline))
    try channel.start(self)
  }

  /// Since when it has waited for the peer; nil where the peer waits for us.
  var waitingSince: ContinuousClock.Instant? {
    switch phase {
    case .securing, .choosing: began
    case .talking(let conversation): conversation.waitingSince
    case .over: nil
    }
  }

  // MARK: ChannelHandler

  func established(_ applicationProtocol: String?) {
    guard case .securing = phase else { return }
    talk(applicationProtocol == "h2" ? .http2 : .http1)
  }

  func received(_ bytes: Span<UInt8>) {
    switch phase {
    case .talking(let conversation): conversation.received(bytes)
    case .choosing(var start):
      if start.isEmpty { channel.setDeadline(.now + server.limits.headDeadline) }
      for index in bytes.indices { start.append(bytes[index]) }
      let verdict = HTTP2Preface.recognize(start.span)
      guard verdict != .needsMore else {
        phase = .choosing(start)
        return
      }
      talk(verdict)?.received(start.span)
    case .securing, .over: break
    }
  }

  func receivedEnd() {
    switch phase {
    case .talking(let conversation): conversation.receivedEnd()
    case .choosing(let start):
      guard !start.isEmpty, let conversation = talk(.http1) else { return channel.close() }
      conversation.received(start.span)
      conversation.receivedEnd()
    case .securing, .over: channel.close()
    }
  }

  func sentAll() { conversation?.sentAll() }

  func deadlinePassed() {
    switch phase {
    case .talking(let conversation): return conversation.deadlinePassed()
    case .securing: server.metrics.hit(.handshakeDeadline)
    case .choosing(let start): server.metrics.hit(start.isEmpty ? .idleDeadline : .headDeadline)
    case .over: break
    }
    channel.close()
  }

  func closed(_ closure: ChannelClosure) {
    let conversation = conversation
    phase = .over
    conversation?.closed()
    server.ended(self)
  }

  // MARK: For the listener

  /// Closes the connection as soon as nothing is under way on it.
  func drain() {
    if let conversation { conversation.drain() } else { channel.close() }
  }

  func abandon() { channel.close() }

  private var conversation: (any ServerConversation)? {
    if case .talking(let conversation) = phase { conversation } else { nil }
  }

  @discardableResult
  private func talk(_ version: HTTP2Preface.Verdict) -> (any ServerConversation)? {
    let conversation: any ServerConversation
    if version == .http2 {
      do throws(HTTP2Error) {
        conversation = try HTTP2Conversation(channel, of: server)
      } catch {
        // The library has no memory for another session.
        channel.close()
        return nil
      }
    } else {
      conversation = HTTP1Conversation(channel, of: server)
    }
    phase = .talking(conversation)
    conversation.begin()
    return conversation
  }
}
