package import HTTP
package import HTTP2

/// The bounds of one listener. Each has a default that is safe on the open internet, and a metric that says when it bites.
package struct ServerLimits: Sendable {
  /// One message, with either version of HTTP.
  package var http = HTTPLimits()
  /// One connection with HTTP/2.
  package var http2 = HTTP2Limits()
  /// Requests on one connection, with either version of HTTP; then it ends in order.
  package var requestsLimit: Int {
    get { http2.requestsLimit }
    set { http2.requestsLimit = newValue }
  }
  /// Requests at one time on one connection, with HTTP/2.
  package var streamsLimit: Int {
    get { http2.concurrentStreamsLimit }
    set { http2.concurrentStreamsLimit = newValue }
  }
  /// The head of one message in bytes, with either version as that counts it.
  package var headBytesLimit: Int {
    get { http.headBytesLimit }
    set { (http.headBytesLimit, http2.fieldSectionBytesLimit) = (newValue, newValue) }
  }
  /// Connections at one time. One more takes the place of the one that has let us wait longest for its next request or the rest of one;
  /// where all wait for us, it is closed at once.
  package var connectionsLimit = 1024
  /// Connections from one address at one time; 0 for no limit, as behind a proxy. One more is closed at once.
  package var connectionsPerAddressLimit = 256
  /// Whether that limit leaves loopback out: only proxies of this machine come from there.
  package var exemptsLoopback = true
  /// From the connection to the end of the TLS handshake.
  package var handshakeDeadline = Duration.seconds(10)
  /// From the first byte of a head to its last, and from the connection to the whole preface of HTTP/2.
  package var headDeadline = Duration.seconds(10)
  /// From the head to the last byte of the content.
  package var contentDeadline = Duration.seconds(30)
  /// The rate at which content must come, in bytes a second since its head, once `contentRateGrace` has passed; 0 for any.
  package var contentBytesPerSecond = 1024
  package var contentRateGrace = Duration.seconds(5)
  /// Between two requests, and before the first.
  package var idleDeadline = Duration.seconds(75)
  /// From the last byte of a request to its answer; then the connection, or with HTTP/2 the stream, is given up.
  package var answerDeadline = Duration.seconds(120)
  /// For the peer to read something of what waits to be sent to it.
  package var writeDeadline = Duration.seconds(10)
  /// Output that the peer does not read, in bytes. Above it nothing more is read from the peer.
  package var unsentBytesLimit: Int {
    get { http2.unsentBytesLimit }
    set { http2.unsentBytesLimit = newValue }
  }

  package init() {}

  /// How much content is read of a request whose answer its head has settled.
  static let unwantedBytesLimit = 64 << 10

  /// Whether the content of such a request is read before the answer is given. It must then be as valid as if it were wanted, and the
  /// connection can be used again. Not where the client waits for the answer before it sends, or sends more than is worth reading.
  /// - Parameter length: of the content; nil where it is not known.
  func readsUnwantedContent(_ length: Int?, waits: Bool) -> Bool {
    length != 0 && !waits && length ?? 0 <= Self.unwantedBytesLimit
  }

  /// Whether `bytes` of content are enough after `elapsed`.
  func allowsRate(of bytes: Int, after elapsed: Duration) -> Bool {
    elapsed < contentRateGrace || bytes >= contentBytesPerSecond * Int(elapsed.components.seconds)
  }
}

/// A limit that can bite, as the metric `relaunch_http_limits_total` names it.
enum ServerLimit: String, CaseIterable, Sendable {
  case connections, connectionsPerAddress
  case handshakeDeadline, headDeadline, contentDeadline, contentRate, idleDeadline, answerDeadline, writeDeadline
  case unsentBytes, headBytes, contentBytes, requests
  case streams, resets, controlFrames
}
