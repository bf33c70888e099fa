package import HTTP

/// The bounds of one listener. Each has a default that is safe on the open internet.
package struct ServerLimits: Sendable {
  package var http = HTTPLimits()
  /// Connections at one time. One more is accepted and closed at once.
  package var connectionsLimit = 1024
  /// From the first byte of a head to its last.
  package var headDeadline = Duration.seconds(10)
  /// From the head to the last byte of the content.
  package var contentDeadline = Duration.seconds(30)
  /// Between two requests, and before the first.
  package var idleDeadline = Duration.seconds(75)
  /// From the last byte of a request to its answer; then the connection is given up.
  package var answerDeadline = Duration.seconds(120)
  /// Output that the peer does not read, in bytes; more closes the connection.
  package var unsentBytesLimit = 8 << 20

  package init() {}
}
