import Clocks
import JSON

/// The body of one push, taken apart.
///
/// With metadata fields the body is the message's data, whatever it holds. Without them, an object with a `message` object is an
/// envelope, an object with an `action` is data, and an empty body is a message of attributes only, whose attributes are lost.
package struct PushEnvelope: Hashable, Sendable {
  package let message: PubSubMessage
  /// Whether the message came inside Pub/Sub's JSON envelope.
  package let isWrapped: Bool

  /// - Parameter body: of a size that the listener has already bounded.
  package init(body: [UInt8], metadata: PushMetadata = PushMetadata()) throws(EnvelopeError) {
    guard !metadata.isPresent, !body.isEmpty else {
      message = PubSubMessage(
        messageID: metadata.messageID.flatMap { $0.isEmpty ? nil : $0 },
        publishTime: try PushMetadata.time(metadata.publishTime, member: "x-goog-pubsub-publish-time"),
        subscription: metadata.subscription, orderingKey: metadata.orderingKey.flatMap { $0.isEmpty ? nil : $0 }, data: body)
      isWrapped = false
      return
    }
    let reader: JSONReader
    do throws(JSONError) {
      reader = try JSONReader(body)
    } catch {
      throw .bodyNotJSON(error)
    }
    var decoder = EnvelopeDecoder(reader)
    if let wrapped = try decoder.decode() {
      message = wrapped
      isWrapped = true
    } else {
      message = PubSubMessage(data: body)
      isWrapped = false
    }
  }
}
