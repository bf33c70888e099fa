package import Clocks
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

  package init(messageID: String, restartedAt: String, at: Timestamp) {
    self.messageID = messageID
    self.restartedAt = restartedAt
    self.at = at
  }

  /// - Returns: nil for a text that is no note of ours.
  package init?(annotation text: String) {
    guard let object = try? JSONValue(parsing: text), let messageID = object["message"]?.string,
      let restartedAt = object["restartedAt"]?.string, let at = object["at"]?.string.flatMap({ Timestamp(rfc3339: $0) })
    else { return nil }
    self.init(messageID: messageID, restartedAt: restartedAt, at: at)
  }

  /// The note as the annotation's value: compact JSON.
  package var annotation: String {
    let object: JSONValue = ["message": .string(messageID), "restartedAt": .string(restartedAt), "at": .string(at.rfc3339)]
    return object.text()
  }
}
