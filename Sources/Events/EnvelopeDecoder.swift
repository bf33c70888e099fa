import Clocks
import JSON

/// Walks the JSON of an envelope once. Unknown members are skipped, null is absent, and no known member may occur twice.
struct EnvelopeDecoder {
  /// The members we know, as bits of what has been seen.
  private enum Member: UInt16 {
    case message, subscription, deliveryAttempt, action
    case data, attributes, messageID, messageIDSnake, publishTime, publishTimeSnake, orderingKey, orderingKeySnake
  }

  private var reader: JSONReader
  private var seen: UInt16 = 0
  private var message = PubSubMessage()
  private var isWrapped = false
  /// A member beside `message` that is wrong; it counts only where the body turns out to be an envelope.
  private var fault: EnvelopeError?

  init(_ reader: JSONReader) { self.reader = reader }

  /// - Returns: the message of an envelope; nil for a body that is itself a notification.
  mutating func decode() throws(EnvelopeError) -> PubSubMessage? {
    let kind = try peek()
    guard kind == .object else {
      // Whether the rest is JSON at all is worth telling.
      try skipValue()
      try finish()
      throw .notAPush(kind)
    }
    var hasAction = false
    try beginObject()
    while let name = try nextMember() {
      if reader.text(name, is: "message") {
        try note(.message, "message")
        if try peek() == .object {
          try decodeMessage()
          isWrapped = true
          continue
        }
      } else if reader.text(name, is: "subscription") {
        try note(.subscription, "subscription")
        message.subscription = try subscription()
        continue
      } else if reader.text(name, is: "deliveryAttempt") {
        try note(.deliveryAttempt, "deliveryAttempt")
        message.deliveryAttempt = try attempt()
        continue
      } else if reader.text(name, is: "action") {
        try note(.action, "action")
        hasAction = true
      }
      try skipValue()
    }
    try finish()
    guard isWrapped else {
      if hasAction { return nil }
      throw .notAPush(.object)
    }
    if let fault { throw fault }
    return message
  }

  private mutating func decodeMessage() throws(EnvelopeError) {
    // camelCase counts first, wherever it stands: senders that write both write the same in both.
    var camel: (messageID: JSONText?, publishTime: JSONText?, orderingKey: JSONText?) = (nil, nil, nil)
    var snake = camel
    try beginObject()
    while let name = try nextMember() {
      if reader.text(name, is: "data") {
        try note(.data, "data")
        if let text = try text("data") { message.data = try Base64.decode(reader.utf8(text)) }
      } else if reader.text(name, is: "messageId") {
        try note(.messageID, "messageId")
        camel.messageID = try text("messageId")
      } else if reader.text(name, is: "message_id") {
        try note(.messageIDSnake, "message_id")
        snake.messageID = try text("message_id")
      } else if reader.text(name, is: "publishTime") {
        try note(.publishTime, "publishTime")
        camel.publishTime = try text("publishTime")
      } else if reader.text(name, is: "publish_time") {
        try note(.publishTimeSnake, "publish_time")
        snake.publishTime = try text("publish_time")
      } else if reader.text(name, is: "orderingKey") {
        try note(.orderingKey, "orderingKey")
        camel.orderingKey = try text("orderingKey")
      } else if reader.text(name, is: "ordering_key") {
        try note(.orderingKeySnake, "ordering_key")
        snake.orderingKey = try text("ordering_key")
      } else if reader.text(name, is: "attributes") {
        try note(.attributes, "attributes")
        message.attributes = try attributes()
      } else {
        try skipValue()
      }
    }
    message.messageID = (camel.messageID ?? snake.messageID).map(reader.string)
    message.orderingKey = (camel.orderingKey ?? snake.orderingKey).map(reader.string)
    message.publishTime = try PushMetadata.time(
      (camel.publishTime ?? snake.publishTime).map(reader.string), member: "publishTime")
  }

  private mutating func attributes() throws(EnvelopeError) -> [PubSubMessage.Attribute] {
    switch try peek() {
    case .null:
      try skipValue()
      return []
    case .object: break
    default: throw .invalidMember("attributes", expected: "an object")
    }
    var attributes: [PubSubMessage.Attribute] = []
    try beginObject()
    while let nameText = try nextMember() {
      guard attributes.count < Self.attributesLimit else { throw .attributesTooLarge }
      guard nameText.range.count <= Self.attributeBytesLimit else { throw .attributesTooLarge }
      let name = reader.string(nameText)
      guard try peek() == .string else {
        throw .invalidMember("attributes.\(name)", expected: "a string")
      }
      let value = try readString()
      guard value.range.count <= Self.attributeBytesLimit else { throw .attributesTooLarge }
      guard !attributes.contains(where: { $0.name == name }) else { throw .duplicateMember("attributes.\(name)") }
      attributes.append(PubSubMessage.Attribute(name: name, value: reader.string(value)))
    }
    return attributes
  }

  // Pub/Sub allows 100 attributes, and a dead-letter topic adds four to what the publisher set.
  private static let attributesLimit = 128
  // A value of 1,024 bytes can be written with six characters a byte.
  private static let attributeBytesLimit = 8 << 10

  private mutating func subscription() throws(EnvelopeError) -> String? {
    switch try peek() {
    case .string, .null: return try text("subscription").map(reader.string)
    default:
      fault = .invalidMember("subscription", expected: "a string")
      try skipValue()
      return nil
    }
  }

  private mutating func attempt() throws(EnvelopeError) -> Int? {
    let start = reader.position
    let kind = try peek()
    try skipValue()
    guard kind != .null else { return nil }
    let text = String(decoding: reader.slice(start..<reader.position).drop { $0 <= 0x20 }, as: UTF8.self)
    guard kind == .number, let attempt = Int32(text), attempt >= 0 else {
      fault = .invalidMember("deliveryAttempt", expected: "a count")
      return nil
    }
    // Proto3 writes an absent number as 0.
    return attempt == 0 ? nil : Int(attempt)
  }

  /// A string member; nil where it is null or empty, which Pub/Sub's JSON does not tell from absent.
  private mutating func text(_ member: String) throws(EnvelopeError) -> JSONText? {
    switch try peek() {
    case .string:
      let text = try readString()
      return text.range.isEmpty ? nil : text
    case .null:
      try skipValue()
      return nil
    default: throw .invalidMember(member, expected: "a string")
    }
  }

  private mutating func note(_ member: Member, _ name: String) throws(EnvelopeError) {
    let bit: UInt16 = 1 << member.rawValue
    guard seen & bit == 0 else { throw .duplicateMember(name) }
    seen |= bit
  }

  private mutating func peek() throws(EnvelopeError) -> JSONKind {
    try read { reader throws(JSONError) in try reader.peek() }
  }

  private mutating func beginObject() throws(EnvelopeError) {
    try read { reader throws(JSONError) in try reader.beginObject() }
  }

  private mutating func readString() throws(EnvelopeError) -> JSONText {
    try read { reader throws(JSONError) in try reader.readString() }
  }

  private mutating func nextMember() throws(EnvelopeError) -> JSONText? {
    try read { reader throws(JSONError) in try reader.nextMember() }
  }

  private mutating func skipValue() throws(EnvelopeError) {
    try read { reader throws(JSONError) in try reader.skipValue() }
  }

  private mutating func finish() throws(EnvelopeError) {
    try read { reader throws(JSONError) in try reader.finish() }
  }

  private mutating func read<Value>(_ body: (inout JSONReader) throws(JSONError) -> Value) throws(EnvelopeError) -> Value {
    do throws(JSONError) {
      return try body(&reader)
    } catch {
      throw .bodyNotJSON(error)
    }
  }
}
