/// Why a message is not valid HTTP/1.1 or is more than we read. Each is answered with `status`, and the connection is closed: after
/// any of them two parsers could disagree about where the next message starts (RFC 9112 section 11.2).
package enum HTTP1Error: Error, Hashable, Sendable, CustomStringConvertible {
  /// The start line has nothing of HTTP: no method we know, no target of ours, no version of any protocol. Whoever sent it does not
  /// wait for an HTTP answer, and one to a client of HTTP/2 with a bad preface would be read as a frame.
  case notHTTP
  case malformedStartLine
  case malformedField
  case bareLineFeed
  case versionNotSupported
  case targetTooLong
  case headTooLarge
  case tooManyFields
  case missingHost
  case malformedHost
  case malformedContentLength
  case ambiguousFraming
  case unknownTransferCoding
  case malformedChunk
  case contentTooLarge
  /// The peer closed in the middle of a message.
  case truncated

  /// The answer a server gives.
  package var status: HTTPStatus {
    switch self {
    case .versionNotSupported: .versionNotSupported
    case .targetTooLong: .uriTooLong
    case .headTooLarge, .tooManyFields: .fieldsTooLarge
    case .unknownTransferCoding: .notImplemented
    case .contentTooLarge: .contentTooLarge
    case .notHTTP, .malformedStartLine, .malformedField, .bareLineFeed, .missingHost, .malformedHost, .malformedContentLength,
      .ambiguousFraming, .malformedChunk, .truncated:
      .badRequest
    }
  }

  package var description: String {
    switch self {
    case .notHTTP: "the start line is not HTTP's"
    case .malformedStartLine: "the start line does not follow RFC 9112 section 3 or 4"
    case .malformedField: "a field line does not follow RFC 9112 section 5"
    case .bareLineFeed: "a line ends in LF without CR"
    case .versionNotSupported: "only HTTP/1.0 and HTTP/1.1 are read here"
    case .targetTooLong: "the request target is longer than the limit"
    case .headTooLarge: "the header section is larger than the limit"
    case .tooManyFields: "there are more fields than the limit"
    case .missingHost: "the Host field is missing"
    case .malformedHost: "the Host field is given twice or is not a host"
    case .malformedContentLength: "Content-Length is not one decimal number"
    case .ambiguousFraming: "Content-Length and Transfer-Encoding are both given, or HTTP/1.0 is chunked"
    case .unknownTransferCoding: "the transfer coding is not chunked alone"
    case .malformedChunk: "the chunked content does not follow RFC 9112 section 7.1"
    case .contentTooLarge: "the content is larger than the limit"
    case .truncated: "the connection ended in the middle of a message"
    }
  }
}
