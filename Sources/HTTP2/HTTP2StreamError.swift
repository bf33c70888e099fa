/// Why there is no response, or not all of it. The connection and its other streams go on.
package enum HTTP2StreamError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The server says that it has not looked at the request: it may be sent again, whatever its method (RFC 9113 section 8.7).
  case notProcessed
  /// The server gave the stream up.
  case reset(HTTP2ErrorCode)
  /// The response is malformed, RFC 9113 section 8.1.1.
  case malformed
  /// The response's fields pass a limit.
  case headTooLarge

  package var description: String {
    switch self {
    case .notProcessed: "the server has not processed the request"
    case .reset(let code): "the server reset the stream: \(code)"
    case .malformed: "the response does not follow RFC 9113 section 8"
    case .headTooLarge: "the response's fields pass a limit"
    }
  }
}
