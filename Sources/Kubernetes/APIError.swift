package import HTTP
package import HTTPClient
import JSON

/// Why a call to the API server gave no object.
package enum APIError: Error, Equatable, Sendable {
  /// The server answered, and not with success.
  case refused(APICall, StatusFailure)
  /// There was no answer. Whether a patch was applied is unknown.
  case unanswered(APICall, HTTPClientError)
  /// Success, but the content is no JSON object.
  case unreadable(APICall, reason: String)
  /// The namespace or the name cannot be one; nothing was sent.
  case invalidName(APICall)
  /// No token to send; nothing was sent.
  case credentials(APICall, CredentialsError)

  package var call: APICall {
    switch self {
    case .refused(let call, _), .unanswered(let call, _), .unreadable(let call, _), .invalidName(let call),
      .credentials(let call, _):
      call
    }
  }

  /// The status of the answer, where there was one.
  package var status: HTTPStatus? {
    guard case .refused(_, let failure) = self else { return nil }
    return failure.status
  }
}

extension APIError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .refused(let call, let failure): Self.sentence(call, failure)
    case .unanswered(let call, let error): "\(call): \(error)"
    case .unreadable(let call, let reason):
      "\(call): the answer is not a Kubernetes object: \(reason); check that the address is the API server's"
    case .invalidName(let call):
      "\(call): no object can have this name: a namespace is up to 63 and a name up to 253 of a-z, 0-9 and \"-\", "
        + "names also \".\"; correct it where it comes from, the mapping or the rule"
    case .credentials(let call, let error): "\(call): \(error)"
    }
  }

  private static func sentence(_ call: APICall, _ failure: StatusFailure) -> String {
    let words = failure.message.map { ": " + $0.quoted(limit: 500) } ?? ""
    switch failure.status {
    case .forbidden: return forbidden(call, failure) ?? "\(call): forbidden\(words)"
    case .unauthorized:
      return
        "\(call): the API server does not accept our credentials\(words); check that the token is this cluster's and valid"
    case .notFound:
      return "\(call): not found\(words); check the name and the namespace"
    default: return "\(call): HTTP \(failure.status)\(failure.reason.map { " (\($0.quoted(limit: 80)))" } ?? "")\(words)"
    }
  }

  /// The refusal in kubectl's words, with the right that is missing and how to grant it; nil where something else than a missing
  /// right refused.
  private static func forbidden(_ call: APICall, _ failure: StatusFailure) -> String? {
    guard let user = failure.refusedUser else { return nil }
    let resource = call.resource
    let place = call.namespace.map { " in namespace \"\($0)\"" } ?? ""
    let group = resource.group.isEmpty ? "the core API group" : "API group \"\(resource.group)\""
    let role = call.namespace.map { "Role of namespace \"\($0)\"" } ?? "ClusterRole"
    return
      "user \(user.quoted(limit: 200)) may not \(call.verb) \(resource.qualifiedName)\(place): grant verb \"\(call.verb)\" on "
      + "\"\(resource.plural)\" in \(group) with a \(role), and bind it to this user"
  }
}

extension APIError {
  /// Whether another try may help.
  package var disposition: Disposition {
    switch self {
    case .refused(_, let failure): Self.disposition(failure)
    case .unanswered(_, let error): Self.disposition(error)
    // A proxy's page in place of the API server's answer; it goes away with what brought it.
    case .unreadable: .retry(.server, after: nil)
    case .invalidName: .permanent(.invalid)
    case .credentials: .retry(.credentials, after: nil)
    }
  }

  private static func disposition(_ failure: StatusFailure) -> Disposition {
    switch failure.status.rawValue {
    case 401: .retry(.unauthorized, after: failure.retryAfter)
    case 403: .doubtful(.forbidden, after: failure.retryAfter)
    case 404: .doubtful(.notFound, after: failure.retryAfter)
    case 408: .retry(.timeout, after: failure.retryAfter)
    case 409: failure.reason == "AlreadyExists" ? .permanent(.rejected) : .retry(.conflict, after: failure.retryAfter)
    // Gone is about versions of a list, which a fresh call does not ask for again.
    case 410: .retry(.server, after: failure.retryAfter)
    case 400: .permanent(.invalid)
    case 422: .doubtful(.invalid, after: failure.retryAfter)
    case 429: .retry(.throttled, after: failure.retryAfter)
    case 504: .retry(.timeout, after: failure.retryAfter)
    case 500...: .retry(.server, after: failure.retryAfter)
    default: .permanent(.rejected)
    }
  }

  private static func disposition(_ error: HTTPClientError) -> Disposition {
    switch error {
    case .deadlineExceeded: .retry(.timeout, after: nil)
    case .overloaded, .refused: .retry(.throttled, after: nil)
    case .responseTooLarge: .permanent(.rejected)
    case .connect, .connectionLost, .malformedResponse, .shutDown: .retry(.network, after: nil)
    }
  }
}
