/// Why a session has ended before its time. Each case is a different thing to count; all but `library` are the peer's doing.
///
/// The GOAWAY that tells the peer is already among the output: send it, then close the connection.
package enum HTTP2Error: Error, Hashable, Sendable, CustomStringConvertible {
  /// The first bytes are not the client's connection preface, RFC 9113 section 3.4.
  case notHTTP2
  /// More streams were reset, by the peer or because of what it sent, than `HTTP2Limits.resets` allows.
  case tooManyResets
  /// More frames that carry no request and no content came than `HTTP2Limits.controlFrames` allows.
  case tooManyControlFrames
  /// One field section was spread over more CONTINUATION frames than `HTTP2Limits.continuationsLimit`.
  case tooManyContinuations
  /// What the peer sent breaks RFC 9113. `reason` is a sentence of ours or the library's; it holds nothing of the peer's.
  case violation(HTTP2ErrorCode, reason: String)
  /// The library gave up, for want of memory for example.
  case library(function: String, reason: String)

  /// What stands in the GOAWAY.
  package var code: HTTP2ErrorCode {
    switch self {
    case .notHTTP2: .protocolError
    case .tooManyResets, .tooManyControlFrames, .tooManyContinuations: .enhanceYourCalm
    case .violation(let code, _): code
    case .library: .internalError
    }
  }

  package var description: String {
    switch self {
    case .notHTTP2: "the first bytes are not the preface of HTTP/2"
    case .tooManyResets: "the peer had too many streams reset"
    case .tooManyControlFrames: "the peer sent too many frames without request or content"
    case .tooManyContinuations: "a header section was spread over too many CONTINUATION frames"
    case .violation(let code, let reason): reason.isEmpty ? "\(code)" : "\(code): \(reason)"
    case .library(let function, let reason): "\(function): \(reason)"
    }
  }
}
