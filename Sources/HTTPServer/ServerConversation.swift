import HTTP

/// What speaks one version of HTTP over a server's connection. Every call comes on the connection's loop.
protocol ServerConversation: AnyObject {
  /// Since when nothing has been under way but what the peer has still to send; nil where there is.
  var waitingSince: ContinuousClock.Instant? { get }
  /// The connection is the conversation's from now on.
  func begin()
  func received(_ bytes: Span<UInt8>)
  /// The peer sends nothing more.
  func receivedEnd()
  /// Everything that was sent has left for the kernel.
  func sentAll()
  /// The deadline of the connection's channel has passed.
  func deadlinePassed()
  /// The connection is closed.
  func closed()
  /// Sends the answers that the last turn of the loop has brought.
  func flush()
  /// Answers the request `number`, if it still waits for that.
  func respond(_ response: HTTPResponse, to number: UInt64)
  /// Ends the connection when what is under way has been answered.
  func drain()
}
