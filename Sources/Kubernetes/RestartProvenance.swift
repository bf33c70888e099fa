package import Clocks
package import Events
import JSON

/// The note that a restart leaves on the workload: which message asked for it, which value it wrote, and when that really was.
///
/// The annotation that restarts has whole seconds and is moved on to be unique, and a retry writes a value that was fixed long
/// before. So it does not say when pods began to be replaced; `at` does.
package struct RestartProvenance: Hashable, Sendable {
  package let messageID: String
  /// The value of `kubectl.kubernetes.io/restartedAt` that the same patch wrote. The note is about the live restart only while
  /// the two are equal.
  package let restartedAt: String
  /// Just before the patch was sent, to the millisecond.
  package let at: Timestamp
  /// The image that had been pushed, with tag and digest; nil where the message was about none.
  package let image: ImageReference?

  package init(messageID: String, restartedAt: String, at: Timestamp, image: ImageReference? = nil) {
    self.messageID = messageID
    self.image = image
    self.restartedAt = restartedAt
    self.at = at
  }

  /// - Returns: nil for a text that is no note of ours.
  package init?(annotation text: String) {
    guard let object = try? JSONValue(parsing: text), let messageID = object["message"]?.string,
      let restartedAt = object["restartedAt"]?.string, let at = object["at"]?.string.flatMap({ Timestamp(rfc3339: $0) })
    else { return nil }
    self.init(
      messageID: messageID, restartedAt: restartedAt, at: at, image: object["image"]?.string.flatMap { ImageReference($0) })
  }

  /// The note as the annotation's value: compact JSON.
  package var annotation: String {
    var object: JSONObject = ["message": .string(messageID), "restartedAt": .string(restartedAt), "at": .string(at.rfc3339)]
    if let image { object["image"] = .string(image.description) }
    return JSONValue.object(object).text()
  }
}
