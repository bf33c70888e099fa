/// What speaks one version of HTTP over a client's connection. Every call comes on the connection's loop.
protocol ClientConversation: CallCarrier {
  /// Whether it takes many calls at a time, and will take more of them: further connections would be waste.
  var isShared: Bool { get }
  /// Streamed calls under way.
  var streamedCount: Int { get }
  /// Whether nothing is under way, so that closing the connection loses nothing.
  var isIdle: Bool { get }
  /// The connection is the conversation's from now on.
  func begin()
  /// Whether it has room for `call` at this moment.
  func takes(_ call: Call) -> Bool
  /// Sends a call that it takes.
  func run(_ call: Call)
  func received(_ bytes: Span<UInt8>)
  /// The peer sends nothing more.
  func receivedEnd()
  /// Everything that was sent has left for the kernel.
  func sentAll()
  /// The deadline of the connection's channel has passed.
  func deadlinePassed()
  /// Takes no further calls, and closes the connection when those under way are over.
  func retire()
  /// The connection is closed; the pool knows it no more.
  /// - Parameter reason: why, for the calls under way.
  func closed(_ reason: String)
  /// Ends everything that is under way with `error`. The connection is closed next.
  func fail(_ error: HTTPClientError)
}
