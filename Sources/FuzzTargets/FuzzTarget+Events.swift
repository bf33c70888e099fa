import Clocks
import Events

extension FuzzTarget {
  static func checkEnvelope(_ input: [UInt8]) throws(BrokenClaim) {
    let metadata = PushMetadata(
      messageID: "1", publishTime: "2026-01-02T03:04:05.678Z", subscription: "projects/p/subscriptions/s", orderingKey: "")
    guard
      case .success(let unwrapped) = Result(catching: { () throws(EnvelopeError) in
        try PushEnvelope(body: input, metadata: metadata)
      })
    else { throw BrokenClaim("a body with metadata is refused") }
    try claim(!unwrapped.isWrapped && unwrapped.message.data == input, "a body with metadata is not the data")
    try check(unwrapped.message)
    switch Result(catching: { () throws(EnvelopeError) in try PushEnvelope(body: input) }) {
    case .failure(let error): try claimIsPresentable(error)
    case .success(let envelope):
      let message = envelope.message
      try claim(envelope.isWrapped || message.data == input, "a body without an envelope is not the data")
      try claim(message.messageID != "" && message.orderingKey != "", "what is empty is not absent")
      try claim(
        message.deliveryAttempt.map { $0 > 0 } ?? true, "the delivery attempt is \(String(describing: message.deliveryAttempt))")
      try claim(Set(message.attributes.map(\.name)).count == message.attributes.count, "two attributes of one name")
      try check(message)
    }
  }

  /// Claims that the message can be kept in the log and read again, and that what it says of an image makes sense.
  private static func check(_ message: PubSubMessage) throws(BrokenClaim) {
    let event = Event(source: "gar", receivedAt: Timestamp(nanoseconds: 1), message: message, fallbackID: "fallback")
    try claim(Event.isID(event.id), "the id is \(event.id.debugDescription)")
    let decoded = Result { () throws(EventEncodingError) in try Event.decoded(event.encoded) }
    try claim(decoded == .success(event), "an event is read as \(decoded)")
    try claim(event.encoded == (try? decoded.get())?.encoded, "an event has two encodings")
    switch Result(catching: { () throws(EnvelopeError) in try RegistryNotification.disposition(of: message) }) {
    case .failure(let error): try claimIsPresentable(error)
    case .success(.act(let image)): try claim(image.tag != nil, "an image without a tag is to be acted on: \(image)")
    case .success(.ignore): break
    }
  }

  static func checkEvent(_ input: [UInt8]) throws(BrokenClaim) {
    switch Result(catching: { () throws(EventEncodingError) in try Event.decoded(input) }) {
    case .failure(let error): try claimIsPresentable(error)
    // One event has one encoding.
    case .success(let event): try claim(event.encoded == input, "\(event) is written as \(event.encoded)")
    }
  }

  static func checkImageReference(_ input: [UInt8]) throws(BrokenClaim) {
    let text = String(decoding: input, as: UTF8.self)
    guard let image = ImageReference(text) else { return }
    try claim(!image.host.isEmpty && !image.path.isEmpty && !image.name.isEmpty, "a part of \(image) is empty")
    try claim(ImageReference(image.description) == image, "\(text.debugDescription) is \(image), which is another image")
    try claim(image.repository == nil || image.project != nil, "a repository without a project: \(image)")
  }
}
