import Clocks

/// What the header fields of an unwrapped push say about its message (`noWrapper` with `writeMetadata`).
///
/// Attributes arrive as fields too, under names that their publisher picks; so these four are the only ones ever read.
package struct PushMetadata: Hashable, Sendable {
  package var messageID: String?
  package var publishTime: String?
  package var subscription: String?
  package var orderingKey: String?

  package init(messageID: String? = nil, publishTime: String? = nil, subscription: String? = nil, orderingKey: String? = nil) {
    self.messageID = messageID
    self.publishTime = publishTime
    self.subscription = subscription
    self.orderingKey = orderingKey
  }

  /// The fields that are read.
  package enum Field: String, CaseIterable, Sendable {
    case messageID = "x-goog-pubsub-message-id"
    case publishTime = "x-goog-pubsub-publish-time"
    case subscription = "x-goog-pubsub-subscription-name"
    case orderingKey = "x-goog-pubsub-ordering-key"
    /// The name that Google's emulator has for it.
    case emulatorOrderingKey = "x-goog-ordering-key"
  }

  /// - Parameter value: the value of one of the request's fields.
  package init(value: (Field) -> String?) {
    messageID = value(.messageID)
    publishTime = value(.publishTime)
    subscription = value(.subscription)
    orderingKey = value(.orderingKey) ?? value(.emulatorOrderingKey)
  }

  /// Whether the fields tell of a message at all. A wrapped push never has them.
  package var isPresent: Bool { messageID != nil || subscription != nil }

  /// Absent or empty is nil; anything but RFC 3339 is an error.
  static func time(_ text: String?, member: String) throws(EnvelopeError) -> Timestamp? {
    guard let text, !text.isEmpty else { return nil }
    guard let time = Timestamp(rfc3339: text) else { throw .invalidMember(member, expected: "an RFC 3339 time") }
    return time
  }
}
