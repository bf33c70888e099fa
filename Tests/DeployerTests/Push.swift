import Clocks
import Events
import FoundationEssentials
import JSON

/// A message of a registry, as Pub/Sub pushes it.
struct Push {
  static let published = Timestamp(seconds: 1_795_478_400)

  var id: String
  var image = Documents.frontend
  var publishTime = Push.published
  /// In place of the registry's notification.
  var data: String?
  var attributes: JSONObject = [:]

  var notification: String {
    let repository = image.lastIndex(of: ":").map { String(image[..<$0]) } ?? image
    // Each message is about an image of its own.
    let hex = id.utf8.map { String($0, radix: 16) }.joined() + String(repeating: "0", count: 64)
    let digest = "sha256:" + hex.prefix(64)
    return data ?? #"{"action":"INSERT","digest":"\#(repository)@\#(digest)","tag":"\#(image)"}"#
  }

  var body: [UInt8] {
    let message: JSONValue = [
      "data": .string(Data(notification.utf8).base64EncodedString()), "messageId": .string(id),
      "publishTime": .string(publishTime.rfc3339), "attributes": .object(attributes),
    ]
    return JSONValue.object(["message": message, "subscription": "projects/acme/subscriptions/relaunch"]).serialized()
  }

  func event() throws -> Event {
    Event(id: id, source: "gar", receivedAt: publishTime, message: try PushEnvelope(body: body).message)
  }
}
