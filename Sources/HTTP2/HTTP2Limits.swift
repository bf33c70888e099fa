/// The bounds of one HTTP/2 connection. Each has a default that is safe on the open internet. A frame may have 16 KiB, which
/// RFC 9113 section 4.2 lets no endpoint make less.
package struct HTTP2Limits: Equatable, Sendable {
  /// An allowance: so many at once, and so many more each second.
  package struct Allowance: Equatable, Sendable {
    package var burst: Int
    package var perSecond: Int

    /// - Precondition: both are at least 1.
    package init(burst: Int, perSecond: Int) {
      precondition(burst >= 1 && perSecond >= 1, "an allowance of nothing")
      self.burst = burst
      self.perSecond = perSecond
    }
  }

  /// Streams that the peer may have open at one time; more are refused (SETTINGS_MAX_CONCURRENT_STREAMS).
  package var concurrentStreamsLimit = 100
  /// How much the peer may send on a stream before it gets more credit, in bytes, at most 2^31 - 1. Credit is given for content that
  /// was accepted and has come, so no stream ever carries more than its limit and one window.
  package var streamWindowBytes = 64 << 10
  /// How much the peer may send on all streams before it gets more credit, in bytes, from 65,535 to 2^31 - 1. Credit is given at
  /// once: a slow stream must not hold up the others.
  package var connectionWindowBytes = 1 << 20
  /// The fields of one message, each counted with 32 bytes more than it has (SETTINGS_MAX_HEADER_LIST_SIZE, RFC 9113 section 6.5.2).
  package var fieldSectionBytesLimit = 16 << 10
  /// CONTINUATION frames that one field section may be spread over. The library itself gives up at 8.
  package var continuationsLimit = 7
  /// Requests on one connection. After the last the session says GOAWAY and ends when all are answered.
  package var requestsLimit = 10_000
  /// Streams that the peer resets, and those that are reset because of what it sent.
  package var resets = Allowance(burst: 100, perSecond: 10)
  /// Frames that bring nothing forward: PING, SETTINGS, PRIORITY, GOAWAY, CONTINUATION, WINDOW_UPDATE beyond what was sent, DATA without
  /// data, frames of unknown types, and whatever comes for streams that are over.
  package var controlFrames = Allowance(burst: 1_000, perSecond: 100)
  /// Content of requests that are not complete yet, in bytes. Above it only the oldest of them gets more credit, so that all get on one
  /// after the other. Each may hold a window more, and the oldest all that it may have.
  package var incompleteContentBytesLimit = 1 << 20
  /// Output that the peer does not read, in bytes. Above it the session takes no more input and makes no more output.
  package var unsentBytesLimit = 256 << 10

  package init() {}
}
