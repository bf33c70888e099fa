import HTTP

/// One request and its answer, on the server's side. An object, for its parts change in place and it is looked up often.
final class ServerStream {
  enum Phase {
    case readingHead
    /// The caller has the head and has not said yet what is to become of the request.
    case awaitingVerdict
    case readingContent
    /// Whatever content comes is thrown away.
    case discarding
    /// The caller has the whole request.
    case serving
  }

  let id: Int32
  var phase = Phase.readingHead
  var head = RequestHead()
  var request: HTTPRequest?
  var contentBytesLimit = 0
  /// What the head says about the length of the content, in bytes, and how much of it has come.
  var contentLength: Int?
  var receivedBytes = 0
  /// Whether the client sends no content before it is asked to.
  var awaitsContinue = false
  /// Content for which no credit was given yet, because of `HTTP2Limits.incompleteContentBytesLimit`.
  var withheldBytes = 0
  var trailerBytes = 0
  /// Whether the client has sent all it will.
  var hasEnded = false
  /// Whether the caller knows of this stream.
  var isAnnounced = false
  var isHead = false
  var answer: OutgoingContent?
  /// Whether the end of the answer is among the output.
  var isAnswered = false
  /// Whether the caller had it reset.
  var isGivenUp = false
  var resetByPeer: HTTP2ErrorCode?

  init(_ id: Int32) { self.id = id }

  /// Content that is kept of a request that is not complete.
  var incompleteBytes: Int { request?.content.count ?? 0 }
}
