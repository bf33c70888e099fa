package import Clocks
package import Events

/// One event's wish to have one Deployment restarted.
package struct RestartRequest: Sendable {
  package var namespace: String
  package var name: String
  /// The message that asks. A restart that is noted under it is not done again.
  package var messageID: String
  /// When the message was published; nil where that is unknown, and then no restart counts as later.
  package var publishTime: Timestamp?
  /// The image that was pushed; nil where the wish is about no image.
  package var image: ImageReference?
  /// The value that an earlier attempt for the same message and Deployment journaled.
  package var planned: Timestamp?
  /// By how much the clocks of Pub/Sub, the API server's users and ours may differ.
  package var skew: Duration
  /// Whether to stop before the patch.
  package var isDryRun: Bool

  package init(
    namespace: String, name: String, messageID: String, publishTime: Timestamp? = nil, image: ImageReference? = nil,
    planned: Timestamp? = nil, skew: Duration = .seconds(2), isDryRun: Bool = false
  ) {
    self.namespace = namespace
    self.name = name
    self.messageID = messageID
    self.publishTime = publishTime
    self.image = image
    self.planned = planned
    self.skew = skew
    self.isDryRun = isDryRun
  }
}
