/// Why `HTTPClient` has no response to give. None of these says whether the server acted on the request, except `connect`, `overloaded`
/// and `refused`: then it did not.
package enum HTTPClientError: Error, Equatable, Sendable, CustomStringConvertible {
  /// No connection could be made: name resolution, refusal, or the TLS handshake. `reason` names the step.
  case connect(origin: String, reason: String)
  /// The deadline passed.
  case deadlineExceeded(origin: String, after: Duration)
  /// The connection ended before the response was complete.
  case connectionLost(origin: String, reason: String)
  /// The response breaks RFC 9112 or 9113.
  case malformedResponse(origin: String, reason: String)
  /// The response's content passes the request's limit, in bytes.
  case responseTooLarge(origin: String, limit: Int)
  /// More calls wait for a connection, or for a place on one, than the client's queue holds.
  case overloaded(origin: String)
  /// The server said each time that it has not looked at the request (RFC 9113 section 8.7).
  case refused(origin: String, times: Int)
  /// The client was shut down.
  case shutDown

  package var description: String {
    switch self {
    case .connect(let origin, let reason): "\(origin): cannot connect: \(reason)"
    case .deadlineExceeded(let origin, let after): "\(origin): no answer within \(after)"
    case .connectionLost(let origin, let reason): "\(origin): connection lost before the response was complete: \(reason)"
    case .malformedResponse(let origin, let reason): "\(origin): not a valid HTTP response: \(reason)"
    case .responseTooLarge(let origin, let limit): "\(origin): the response is larger than \(limit) bytes"
    case .overloaded(let origin): "\(origin): too many calls wait for a connection"
    case .refused(let origin, let times): "\(origin): the server refused the request \(times) times without looking at it"
    case .shutDown: "the HTTP client is shut down"
    }
  }
}
