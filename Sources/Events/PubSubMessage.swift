package import Clocks

/// A Pub/Sub message as one push delivered it, wrapped or not.
package struct PubSubMessage: Hashable, Sendable {
  /// One attribute; Pub/Sub's are strings only.
  package struct Attribute: Hashable, Sendable {
    package let name: String
    package let value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// Unique within the topic and the same on every redelivery. Absent from unwrapped pushes without metadata.
  package var messageID: String?
  package var publishTime: Timestamp?
  /// The full name, `projects/…/subscriptions/…`.
  package var subscription: String?
  package var orderingKey: String?
  /// Counted from 1. Absent means unknown: Pub/Sub sends it only where the subscription has a dead-letter policy.
  package var deliveryAttempt: Int?
  /// In the order they were written; no name twice.
  package var attributes: [Attribute]
  /// The payload; empty for messages of attributes only.
  package var data: [UInt8]

  package init(
    messageID: String? = nil, publishTime: Timestamp? = nil, subscription: String? = nil, orderingKey: String? = nil,
    deliveryAttempt: Int? = nil, attributes: [Attribute] = [], data: [UInt8] = []
  ) {
    self.messageID = messageID
    self.publishTime = publishTime
    self.subscription = subscription
    self.orderingKey = orderingKey
    self.deliveryAttempt = deliveryAttempt
    self.attributes = attributes
    self.data = data
  }
}
