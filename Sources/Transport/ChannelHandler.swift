/// The protocol above a channel. Every call comes on the loop's queue.
package protocol ChannelHandler: AnyObject {
  /// The channel may be sent to. Called first, and once; again after `Channel.secure`.
  /// - Parameter applicationProtocol: what ALPN agreed on; nil without TLS or ALPN.
  func established(_ applicationProtocol: String?)
  /// Bytes came, decrypted where the channel has TLS. They are lent for the call.
  func received(_ bytes: Span<UInt8>)
  /// The peer sends nothing more. It may still read.
  func receivedEnd()
  /// Everything that was sent has left for the kernel.
  func sentAll()
  /// The deadline that was set passed; it is set no more.
  func deadlinePassed()
  /// The channel is closed. Called once, last.
  func closed(_ closure: ChannelClosure)
}

/// Why a channel is closed.
package enum ChannelClosure: Equatable, Sendable, CustomStringConvertible {
  /// We closed it.
  case local
  /// The peer, or the network, reset it.
  case reset(String)
  /// TLS refused to go on.
  case tls(String)

  package var description: String {
    switch self {
    case .local: "closed here"
    case .reset(let reason): reason
    case .tls(let reason): "TLS: \(reason)"
    }
  }
}
