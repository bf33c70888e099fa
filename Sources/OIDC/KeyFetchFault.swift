import HTTPClient
import JOSE

/// Why a load brought no keys. The last good ones stay.
enum KeyFetchFault: Error, Equatable, Sendable, CustomStringConvertible {
  case unreachable(HTTPClientError)
  /// Anything but 200; redirects are not followed.
  case status(Int)
  /// The content is compressed, which we did not ask for: a small answer could unfold without end.
  case encoded
  case tooLarge(limit: Int)
  case malformed(JWKSetError)
  case unreadable(path: String, reason: String)

  var result: KeyFetchResult {
    switch self {
    case .unreachable: .unreachable
    case .status: .status
    case .encoded: .encoded
    case .tooLarge: .tooLarge
    case .malformed: .malformed
    case .unreadable: .unreadable
    }
  }

  var description: String {
    switch self {
    case .unreachable(let error): "\(error)"
    case .status(let status): "the server answered \(status) where a key set is answered with 200; redirects are not followed"
    case .encoded: "the answer has a Content-Encoding, which was not asked for"
    case .tooLarge(let limit): "the document is larger than \(limit) bytes"
    case .malformed(let error): "\(error)"
    case .unreadable(let path, let reason): "\(path): \(reason)"
    }
  }
}
