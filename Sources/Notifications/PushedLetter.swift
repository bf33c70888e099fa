import Clocks
import Events
import FoundationEssentials
import JSON

/// A dead letter as Pub/Sub would push it: the message as it came, and in its attributes what became of it here.
enum PushedLetter {
  /// Pub/Sub's own limit of an attribute's value, in bytes.
  private static let attributeBytesLimit = 1024

  static func envelope(_ event: Event, _ notice: Notice) -> JSONValue {
    let message = event.message
    var attributes = JSONObject(message.attributes.map { (name: $0.name, value: .string($0.value)) })
    for (name, value) in [
      ("relaunch-dead-letter", notice.key.subject), ("relaunch-event", notice.eventID), ("relaunch-source", notice.source),
      ("relaunch-reason", notice.reason), ("relaunch-detail", notice.detail), ("relaunch-target", notice.target),
    ] {
      // Whatever the publisher says of it: ours is what counts.
      attributes[name] = value.map { .string($0.cut(at: attributeBytesLimit - 3)) }
    }
    var members: JSONObject = [
      "data": .string(Data(message.data).base64EncodedString()), "attributes": .object(attributes),
      "messageId": .string(message.messageID ?? event.id),
      "publishTime": .string((message.publishTime ?? event.receivedAt).rfc3339),
    ]
    if let key = message.orderingKey { members["orderingKey"] = .string(key) }
    return ["message": .object(members), "subscription": .string(message.subscription ?? "")]
  }
}
