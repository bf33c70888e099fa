/// One request and its response, on the client's side. An object, for its parts change in place and it is looked up often.
final class ClientStream {
  enum Phase {
    /// Before the head of the final response; interim ones may come.
    case awaitingHead
    /// After the head. What comes in fields now are trailers.
    case readingContent
    /// The caller has had the end of the response.
    case ended
    /// The caller wants nothing more of it.
    case cancelled
  }

  var phase = Phase.awaitingHead
  var head = ResponseHead()
  var interimCount = 0
  var content: OutgoingContent
  /// Content that the caller has and has not given back with `consumed`, in bytes.
  var unconsumedBytes = 0
  /// Why we reset the stream.
  var fault: HTTP2StreamError?
  var resetByPeer: HTTP2ErrorCode?

  init(_ content: OutgoingContent) { self.content = content }
}
