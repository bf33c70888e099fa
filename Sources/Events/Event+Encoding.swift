import Clocks

/// The event as the payload of a record in the log.
///
/// Version 1, all integers little endian, a text or data being its length in bytes (UInt32) and its bytes:
///
/// | field | type | present |
/// |---|---|---|
/// | version | UInt8 | always, 1 |
/// | flags | UInt8 | always; bit 0 messageID, 1 publishTime, 2 subscription, 3 orderingKey, 4 deliveryAttempt |
/// | receivedAt | Int64 nanoseconds since 1970 | always |
/// | publishTime | Int64 nanoseconds since 1970 | flag |
/// | deliveryAttempt | UInt32 | flag |
/// | id, source | text | always |
/// | messageID, subscription, orderingKey | text | flag each |
/// | attributes | UInt32 count, then name and value as texts | always |
/// | data | bytes | always |
extension Event {
  private static let version: UInt8 = 1

  private enum Flag {
    static let messageID: UInt8 = 1
    static let publishTime: UInt8 = 2
    static let subscription: UInt8 = 4
    static let orderingKey: UInt8 = 8
    static let deliveryAttempt: UInt8 = 16
    static let all: UInt8 = 31
  }

  /// The event in the newest version of the encoding.
  package var encoded: [UInt8] {
    var flags: UInt8 = 0
    if message.messageID != nil { flags |= Flag.messageID }
    if message.publishTime != nil { flags |= Flag.publishTime }
    if message.subscription != nil { flags |= Flag.subscription }
    if message.orderingKey != nil { flags |= Flag.orderingKey }
    if message.deliveryAttempt != nil { flags |= Flag.deliveryAttempt }
    var writer = EventWriter(capacity: 256 + message.data.count)
    writer.write(Self.version)
    writer.write(flags)
    writer.write(receivedAt.nanoseconds)
    if let time = message.publishTime { writer.write(time.nanoseconds) }
    if let attempt = message.deliveryAttempt { writer.write(UInt32(clamping: attempt)) }
    writer.write(id)
    writer.write(source)
    if let text = message.messageID { writer.write(text) }
    if let text = message.subscription { writer.write(text) }
    if let text = message.orderingKey { writer.write(text) }
    writer.write(UInt32(clamping: message.attributes.count))
    for attribute in message.attributes {
      writer.write(attribute.name)
      writer.write(attribute.value)
    }
    writer.write(message.data)
    return writer.bytes
  }

  /// Reads an event that any version up to the newest has written. Every length is checked against what is there.
  package static func decoded(_ bytes: ArraySlice<UInt8>) throws(EventEncodingError) -> Event {
    var reader = EventReader(bytes)
    let version = try reader.byte()
    guard version == Self.version else { throw .unknownVersion(version) }
    let flags = try reader.byte()
    guard flags & ~Flag.all == 0 else { throw .unknownFlags(flags) }
    let receivedAt = Timestamp(nanoseconds: try reader.integer(Int64.self))
    var message = PubSubMessage()
    if flags & Flag.publishTime != 0 { message.publishTime = Timestamp(nanoseconds: try reader.integer(Int64.self)) }
    if flags & Flag.deliveryAttempt != 0 { message.deliveryAttempt = try reader.attempt() }
    let id = try reader.text()
    let source = try reader.text()
    if flags & Flag.messageID != 0 { message.messageID = try reader.text() }
    if flags & Flag.subscription != 0 { message.subscription = try reader.text() }
    if flags & Flag.orderingKey != 0 { message.orderingKey = try reader.text() }
    for _ in 0..<(try reader.attributeCount()) {
      message.attributes.append(PubSubMessage.Attribute(name: try reader.text(), value: try reader.text()))
    }
    message.data = Array(try reader.bytes())
    try reader.finish()
    return Event(id: id, source: source, receivedAt: receivedAt, message: message)
  }

  package static func decoded(_ bytes: [UInt8]) throws(EventEncodingError) -> Event { try decoded(bytes[...]) }
}
