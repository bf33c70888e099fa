/// A request method, RFC 9110 section 9. Methods are case-sensitive.
package enum HTTPMethod: Hashable, Sendable {
  case get, head, post, put, patch, delete, options
  /// Any other token.
  case other(String)

  package init(_ token: String) {
    switch token {
    case "GET": self = .get
    case "HEAD": self = .head
    case "POST": self = .post
    case "PUT": self = .put
    case "PATCH": self = .patch
    case "DELETE": self = .delete
    case "OPTIONS": self = .options
    default: self = .other(token)
    }
  }

  /// The method as it stands on the wire.
  package var token: String {
    switch self {
    case .get: "GET"
    case .head: "HEAD"
    case .post: "POST"
    case .put: "PUT"
    case .patch: "PATCH"
    case .delete: "DELETE"
    case .options: "OPTIONS"
    case .other(let token): token
    }
  }

  /// Whether sending the request twice has the effect of sending it once, RFC 9110 section 9.2.2. A method we do not know is not.
  package var isIdempotent: Bool {
    switch self {
    case .get, .head, .put, .delete, .options: true
    case .post, .patch, .other: false
    }
  }
}
