import Clocks
import Events
import JSON
import TestSupport
import Testing

struct EventEncodingTests {
  @Test func survivesARoundTrip() throws {
    let seed = UInt64.random(in: .min ... .max)
    print("seed \(seed)")
    var random = SplitMix(seed: seed)
    for _ in 0..<1000 {
      let event = Self.event(&random)
      #expect(try Event.decoded(event.encoded) == event)
    }
  }

  @Test func refusesEveryProperPrefixAndEverySuffix() throws {
    var random = SplitMix(seed: 7)
    let bytes = Self.event(&random).encoded
    for count in 0..<bytes.count { #expect(throws: EventEncodingError.self) { try Event.decoded(bytes[..<count]) } }
    #expect(throws: EventEncodingError.trailingBytes(offset: bytes.count)) { try Event.decoded(bytes + [0]) }
  }

  @Test func neverTrapsOnDamagedOrRandomBytes() {
    let seed = UInt64.random(in: .min ... .max)
    print("seed \(seed)")
    var random = SplitMix(seed: seed)
    for _ in 0..<3000 {
      var bytes = Self.event(&random).encoded
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
      }
      _ = try? Event.decoded(bytes)
      _ = try? Event.decoded([1] + (0..<40).map { _ in UInt8.random(in: 0...255, using: &random) })
    }
  }

  @Test func keepsItsFirstVersionForEver() throws {
    let event = Event(
      id: "7", source: "gar", receivedAt: Timestamp(nanoseconds: 1),
      message: PubSubMessage(
        messageID: "7", publishTime: Timestamp(nanoseconds: -2), deliveryAttempt: 3, attributes: [.init(name: "k", value: "é")],
        data: [0, 255]))
    let bytes: [UInt8] = [
      1, 0b10011, 1, 0, 0, 0, 0, 0, 0, 0, 254, 255, 255, 255, 255, 255, 255, 255, 3, 0, 0, 0,  // version to deliveryAttempt
      1, 0, 0, 0, 0x37, 3, 0, 0, 0, 0x67, 0x61, 0x72, 1, 0, 0, 0, 0x37,  // id, source, messageID
      1, 0, 0, 0, 1, 0, 0, 0, 0x6B, 2, 0, 0, 0, 0xC3, 0xA9,  // attributes
      2, 0, 0, 0, 0, 255,  // data
    ]
    #expect(event.encoded == bytes)
    #expect(try Event.decoded(bytes) == event)
  }

  @Test(
    "names what is wrong",
    arguments: [
      ([], .truncated(offset: 0)), ([2], .unknownVersion(2)), ([1, 0x20], .unknownFlags(0x20)),
      ([1, 0, 0], .truncated(offset: 2)),
      ([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255], .truncated(offset: 14)),
      ([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0xFF], .invalidText(offset: 10)),
      ([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255], .truncated(offset: 18)),
    ] as [([UInt8], EventEncodingError)])
  func namesWhatIsWrong(bytes: [UInt8], error: EventEncodingError) {
    #expect(throws: error) { try Event.decoded(bytes) }
  }

  @Test func takesTheMessagesIDWhereAnAddressCanHoldIt() {
    for (messageID, id) in [("2070443601311540", "2070443601311540"), ("a/b", "f"), ("", "f"), ("..", "f"), (nil, "f")]
      as [(String?, String)]
    {
      let event = Event(
        source: "gar", receivedAt: Timestamp(seconds: 0), message: PubSubMessage(messageID: messageID), fallbackID: "f")
      #expect(event.id == id)
    }
  }

  @Test func readsTheBodyOnDemand() {
    let event = Event(
      id: "1", source: "s", receivedAt: Timestamp(seconds: 0), message: PubSubMessage(data: Array("{\"a\":[1]}".utf8)))
    #expect(event.body == ["a": [1]])
    let broken = Event(id: "1", source: "s", receivedAt: Timestamp(seconds: 0), message: PubSubMessage(data: [0xFF]))
    #expect(broken.body == nil)
    #expect(throws: JSONError.invalidUTF8(offset: 0)) { try broken.parseBody() }
  }

  private static func event(_ random: inout SplitMix) -> Event {
    func text() -> String {
      String((0..<Int.random(in: 0...20, using: &random)).map { _ in "aé🚀\0/\n".randomElement(using: &random) ?? "x" })
    }
    func maybe<Value>(_ value: Value) -> Value? { Bool.random(using: &random) ? value : nil }
    func time() -> Timestamp { Timestamp(nanoseconds: .random(in: .min ... .max, using: &random)) }
    return Event(
      id: text(), source: text(), receivedAt: time(),
      message: PubSubMessage(
        messageID: maybe(text()), publishTime: maybe(time()), subscription: maybe(text()), orderingKey: maybe(text()),
        deliveryAttempt: maybe(.random(in: 0...100, using: &random)),
        attributes: (0..<Int.random(in: 0...4, using: &random)).map { _ in .init(name: text(), value: text()) },
        data: (0..<Int.random(in: 0...300, using: &random)).map { _ in .random(in: 0...255, using: &random) }))
  }
}
