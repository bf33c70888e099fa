import Clocks
import Foundation
import JSON

/// A message of Artifact Registry's, as Pub/Sub pushes it.
struct PushMessage: Sendable {
  static let frontend = "us-docker.pkg.dev/acme-prod/apps/my-app-frontend:latest"

  var image = Self.frontend
  var id = String(UInt64.random(in: 1_000_000_000_000_000...9_999_999_999_999_999))
  var publishTime = SystemWallClock().now()

  /// The registry's notification.
  var notification: JSONValue {
    let repository = image.lastIndex(of: ":").map { String(image[..<$0]) } ?? image
    // Each message is about an image of its own: the same one again within a minute would be the same push.
    let hex = id.utf8.map { String($0, radix: 16) }.joined() + String(repeating: "0", count: 64)
    let digest = "sha256:" + hex.prefix(64)
    return ["action": "INSERT", "digest": .string("\(repository)@\(digest)"), "tag": .string(image)]
  }

  /// The wrapped body.
  var body: [UInt8] {
    let data = Data(notification.serialized()).base64EncodedString()
    let message: JSONValue = [
      "data": .string(data), "messageId": .string(id), "message_id": .string(id), "publishTime": .string(publishTime.rfc3339),
      "publish_time": .string(publishTime.rfc3339),
    ]
    return JSONValue.object(["message": message, "subscription": "projects/acme/subscriptions/relaunch"]).serialized()
  }
}
