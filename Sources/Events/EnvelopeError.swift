package import JSON

/// Why a push can never be handled. Redelivery cannot help (Pub/Sub calls such a message poison), so it is recorded and
/// acknowledged.
///
/// Descriptions quote at most 80 bytes of the push, control characters escaped.
package enum EnvelopeError: Error, Hashable, Sendable {
  /// The body is no JSON, and no metadata fields say that it is an unwrapped message.
  case bodyNotJSON(JSONError)
  /// The body is JSON, but neither an envelope nor a registry notification.
  case notAPush(JSONKind)
  /// A member that is not what the Pub/Sub reference says it is.
  case invalidMember(String, expected: String)
  /// A member that occurs twice: two readers could take different ones.
  case duplicateMember(String)
  /// `data` is not base64 with padding (RFC 4648 section 4); the offset counts its characters.
  case invalidBase64(offset: Int)
  /// More attributes, or longer ones, than Pub/Sub itself lets through.
  case attributesTooLarge
  /// The message's data is no JSON object, or `action`, `tag` or `digest` is no string.
  case invalidData(JSONError)
  /// `tag` or `digest` does not name an image.
  case invalidReference(member: String, text: String)
}

extension EnvelopeError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .bodyNotJSON(let error): "push body: \(error)"
    case .notAPush(let kind): "push body: \(kind.rawValue) with neither a \"message\" object nor an \"action\""
    case .invalidMember(let name, let expected): "push body: member \(name.quoted(limit: 80)) is not \(expected)"
    case .duplicateMember(let name): "push body: member \(name.quoted(limit: 80)) occurs twice"
    case .invalidBase64(let offset): "push body: \"data\" is not base64 at character \(offset)"
    case .attributesTooLarge: "push body: more or longer attributes than Pub/Sub allows"
    case .invalidData(let error): "message data: \(error)"
    case .invalidReference(let member, let text): "message data: \(member) \(text.quoted(limit: 80)) names no image"
    }
  }
}
