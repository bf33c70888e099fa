package import HTTP
import JSON

/// An answer of the API server that is no success: the HTTP status and what the `Status` object in it says.
package struct StatusFailure: Hashable, Sendable {
  package let status: HTTPStatus
  /// The machine's word for it, like `Conflict`; nil where the content is no `Status`, which is so for answers of proxies.
  package let reason: String?
  /// The sentence for people, in the server's words.
  package let message: String?
  /// How long the server wants to be left alone, from the field `Retry-After` or else from `details.retryAfterSeconds`.
  package let retryAfter: Duration?

  package init(status: HTTPStatus, reason: String? = nil, message: String? = nil, retryAfter: Duration? = nil) {
    self.status = status
    self.reason = reason
    self.message = message
    self.retryAfter = retryAfter
  }

  /// Reads an answer. Content that is no `Status` object leaves the texts nil.
  package init(status: HTTPStatus, fields: HTTPFields, content: [UInt8]) {
    let object = (try? JSONValue(parsing: content)).flatMap { $0["kind"] == "Status" ? $0 : nil }
    self.init(
      status: status, reason: object?["reason"]?.string, message: object?["message"]?.string,
      retryAfter: Self.seconds(fields[.retryAfter]) ?? Self.seconds(object?["details"]?["retryAfterSeconds"]?.number?.text))
  }

  /// RFC 9110 section 10.2.3 also allows a date, which API servers do not send. At most a day: more is no instruction to heed.
  private static func seconds(_ text: String?) -> Duration? {
    text.flatMap { Int($0) }.flatMap { $0 > 0 ? .seconds(min($0, 86_400)) : nil }
  }

  /// The user name in a refusal of the authorizer, `… is forbidden: User "limited" cannot patch resource …`.
  ///
  /// Nil for refusals by others (admission webhooks, quotas), where no missing right is to blame.
  var refusedUser: String? {
    guard let message, let start = message.firstRange(of: "User \""), let end = message.firstRange(of: "\" cannot ") else {
      return nil
    }
    guard start.upperBound <= end.lowerBound else { return nil }
    return String(message[start.upperBound..<end.lowerBound])
  }
}
