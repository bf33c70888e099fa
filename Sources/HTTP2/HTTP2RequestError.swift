package import HTTP

/// Why a request is answered without having been read whole. The connection and its other streams go on.
package enum HTTP2RequestError: Error, Hashable, Sendable, CustomStringConvertible {
  case targetTooLong
  case headTooLarge
  case tooManyFields
  case contentTooLarge

  /// The answer a server gives.
  package var status: HTTPStatus {
    switch self {
    case .targetTooLong: .uriTooLong
    case .headTooLarge, .tooManyFields: .fieldsTooLarge
    case .contentTooLarge: .contentTooLarge
    }
  }

  package var description: String {
    switch self {
    case .targetTooLong: HTTP1Error.targetTooLong.description
    case .headTooLarge: HTTP1Error.headTooLarge.description
    case .tooManyFields: HTTP1Error.tooManyFields.description
    case .contentTooLarge: HTTP1Error.contentTooLarge.description
    }
  }
}
