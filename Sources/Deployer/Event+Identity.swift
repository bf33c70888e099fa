import Clocks
import Events
import OpenSSL

/// What makes two deliveries one event, and what the event is called.
extension Event {
  var deduplicationKey: SHA256Digest? { Self.deduplicationKey(message, source: source) }

  /// Subscription and message id: a message id is unique within a topic only, and two subscriptions to one topic are two wishes.
  /// nil where the sender gave no message id (unwrapped without metadata): then no copy can be told from a new message.
  static func deduplicationKey(_ message: PubSubMessage, source: String) -> SHA256Digest? {
    guard let messageID = message.messageID else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(source.utf8.count + (message.subscription?.utf8.count ?? 0) + messageID.utf8.count + 2)
    bytes += source.utf8
    bytes.append(0x0A)
    if let subscription = message.subscription { bytes += subscription.utf8 }
    bytes.append(0x0A)
    bytes += messageID.utf8
    return SHA256.digest(of: bytes.span)
  }

  /// The message id where it can stand in a URL as it is, else a digest of what came and when.
  static func preferredID(_ message: PubSubMessage, source: String, at now: Timestamp) -> String {
    if let messageID = message.messageID, messageID.utf8.count <= 64, isID(messageID) { return messageID }
    let digest = SHA256.digest(of: (Array("\(source)\n\(message.messageID ?? "\(now.nanoseconds)")\n".utf8) + message.data).span)
    return "x" + digest.description.prefix(16)
  }
}
