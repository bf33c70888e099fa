import Clocks
import Events
import JSON
import TestSupport
import Testing

struct PushEnvelopeTests {
  private func decode(_ body: String) throws(EnvelopeError) -> PubSubMessage {
    try PushEnvelope(body: Array(body.utf8)).message
  }

  @Test func readsEveryMember() throws {
    let body = #"""
      {"deliveryAttempt":5,"message":{"attributes":{"b":"2","a":"\u0031"},"data":"SGk=","messageId":"7","message_id":"8",
      "orderingKey":"k","ordering_key":"l","publishTime":"2021-02-26T19:13:55.749Z","publish_time":"x","more":{"a":[1]}},
      "subscription":"projects\/p/subscriptions/s","more":null}
      """#
    #expect(
      try decode(body)
        == PubSubMessage(
          messageID: "7", publishTime: Timestamp(rfc3339: "2021-02-26T19:13:55.749Z"), subscription: "projects/p/subscriptions/s",
          orderingKey: "k", deliveryAttempt: 5, attributes: [.init(name: "b", value: "2"), .init(name: "a", value: "1")],
          data: Array("Hi".utf8)))
  }

  @Test func prefersCamelCaseWhereverItStands() throws {
    let message = try decode(
      #"{"message":{"message_id":"s","messageId":"c","publish_time":"2020-01-01T00:00:00Z","publishTime":"2021-01-01T00:00:00+00:00"}}"#
    )
    #expect(message.messageID == "c")
    #expect(message.publishTime == Timestamp(rfc3339: "2021-01-01T00:00:00Z"))
    #expect(try decode(#"{"message":{"message_id":"s","messageId":""}}"#).messageID == "s")
  }

  @Test func takesNullAndEmptyForAbsent() throws {
    let body =
      #"{"deliveryAttempt":null,"subscription":null,"message":{"data":null,"attributes":null,"messageId":"","publishTime":null,"orderingKey":""}}"#
    #expect(try decode(body) == PubSubMessage())
    #expect(try decode(#"{"message":{}}"#) == PubSubMessage())
  }

  @Test func tellsEnvelopesFromNotifications() throws {
    let wrapped = try PushEnvelope(body: Array(#"{"action":"x","message":{"messageId":"1"}}"#.utf8))
    #expect(wrapped.isWrapped && wrapped.message.messageID == "1")
    let text = #"{"message":"text","action":"INSERT","subscription":5}"#
    let unwrapped = try PushEnvelope(body: Array(text.utf8))
    #expect(!unwrapped.isWrapped && unwrapped.message == PubSubMessage(data: Array(text.utf8)))
  }

  @Test func takesAnyBodyAsDataWhereFieldsTellOfAMessage() throws {
    let metadata = PushMetadata(messageID: "9", subscription: "projects/p/subscriptions/s")
    for body in [[0xFF, 0x00], [], Array(#"{"message":{"messageId":"1"}}"#.utf8)] as [[UInt8]] {
      let envelope = try PushEnvelope(body: body, metadata: metadata)
      #expect(!envelope.isWrapped)
      #expect(envelope.message == PubSubMessage(messageID: "9", subscription: "projects/p/subscriptions/s", data: body))
    }
  }

  @Test func readsNoFieldsButTheFour() {
    var asked: [String] = []
    _ = PushMetadata { field in
      asked.append(field.rawValue)
      return nil
    }
    #expect(
      asked == [
        "x-goog-pubsub-message-id", "x-goog-pubsub-publish-time", "x-goog-pubsub-subscription-name", "x-goog-pubsub-ordering-key",
        "x-goog-ordering-key",
      ])
  }

  @Test(
    "refuses what is no push, and says why",
    arguments: [
      ("[]", .notAPush(.array)), ("{}", .notAPush(.object)), ("\"x\"", .notAPush(.string)),
      (#"{"message":[]}"#, .notAPush(.object)),
      ("nonsense", .bodyNotJSON(.unexpectedByte(0x6F, offset: 1, expected: "\"null\""))),
      (#"{"message":{"data":"AA=="},}"#, .bodyNotJSON(.unexpectedByte(0x7D, offset: 27, expected: "a member name"))),
      (#"{"message":{}} x"#, .bodyNotJSON(.trailingBytes(offset: 15))),
      (#"{"message":{"messageId":5}}"#, .invalidMember("messageId", expected: "a string")),
      (#"{"message":{"publishTime":"today"}}"#, .invalidMember("publishTime", expected: "an RFC 3339 time")),
      (#"{"message":{"attributes":[]}}"#, .invalidMember("attributes", expected: "an object")),
      (#"{"message":{"attributes":{"a":1}}}"#, .invalidMember("attributes.a", expected: "a string")),
      (#"{"message":{"attributes":{"a":"1","\u0061":"2"}}}"#, .duplicateMember("attributes.a")),
      (#"{"message":{},"message":{}}"#, .duplicateMember("message")),
      (#"{"message":{"data":"","dat\u0061":""}}"#, .duplicateMember("data")),
      (#"{"message":{},"subscription":5}"#, .invalidMember("subscription", expected: "a string")),
      (#"{"deliveryAttempt":1.5,"message":{}}"#, .invalidMember("deliveryAttempt", expected: "a count")),
      (#"{"deliveryAttempt":99999999999,"message":{}}"#, .invalidMember("deliveryAttempt", expected: "a count")),
      (#"{"message":{"data":"SGk"}}"#, .invalidBase64(offset: 3)), (#"{"message":{"data":"SG k"}}"#, .invalidBase64(offset: 2)),
      (#"{"message":{"data":"S-_k"}}"#, .invalidBase64(offset: 1)), (#"{"message":{"data":"SGl="}}"#, .invalidBase64(offset: 2)),
      (#"{"message":{"data":"SR=="}}"#, .invalidBase64(offset: 1)), (#"{"message":{"data":"===="}}"#, .invalidBase64(offset: 0)),
      (#"{"message":{"data":"S==="}}"#, .invalidBase64(offset: 1)), (#"{"message":{"data":"SG=k"}}"#, .invalidBase64(offset: 2)),
    ] as [(String, EnvelopeError)])
  func refuses(body: String, error: EnvelopeError) {
    #expect(throws: error) { try decode(body) }
  }

  @Test func boundsAttributes() {
    let many = (0..<129).map { "\"a\($0)\":\"\"" }.joined(separator: ",")
    #expect(throws: EnvelopeError.attributesTooLarge) { try decode("{\"message\":{\"attributes\":{\(many)}}}") }
    let long = String(repeating: "x", count: 9000)
    #expect(throws: EnvelopeError.attributesTooLarge) { try decode("{\"message\":{\"attributes\":{\"a\":\"\(long)\"}}}") }
  }

  @Test func refusesNestingThatIsMeantToHurt() {
    let deep = String(repeating: "{\"message\":", count: 10_000)
    #expect(throws: EnvelopeError.self) { try decode(deep) }
    #expect(throws: EnvelopeError.self) { try decode("{\"message\":{\"x\":" + String(repeating: "[", count: 100_000)) }
  }

  @Test func decodesBase64OfEveryLength() throws {
    let seed = UInt64.random(in: .min ... .max)
    print("seed \(seed)")
    var random = SplitMix(seed: seed)
    for count in 0..<200 {
      let data = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      #expect(try decode("{\"message\":{\"data\":\"\(Self.base64(data))\"}}").data == data)
    }
  }

  private static func base64(_ data: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var text = ""
    for start in stride(from: 0, to: data.count, by: 3) {
      let group = data[start..<min(start + 3, data.count)]
      let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
      for index in 0..<4 { text.append(index <= group.count ? alphabet[bits >> (18 - 6 * index) & 63] : "=") }
    }
    return text
  }

  @Test func quotesLittleAndNothingThatControls() {
    let name = String(repeating: "\u{1B}[31m", count: 100)
    let error = EnvelopeError.invalidMember("attributes." + name, expected: "a string")
    #expect(error.description.utf8.count < 150)
    #expect(!error.description.utf8.contains { $0 < 0x20 })
  }

  @Test func neverTrapsOnMutatedBodies() {
    let seed = UInt64.random(in: .min ... .max)
    print("seed \(seed)")
    var random = SplitMix(seed: seed)
    let body = Array(
      #"{"deliveryAttempt":5,"message":{"attributes":{"b":"2"},"data":"SGkh","messageId":"7","publishTime":"2021-02-26T19:13:55.749Z"},"subscription":"s"}"#
        .utf8)
    for _ in 0..<5000 {
      var bytes = body
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        bytes[index] = .random(in: 0...255, using: &random)
      }
      guard let envelope = try? PushEnvelope(body: bytes) else { continue }
      _ = try? RegistryNotification.disposition(of: envelope.message)
    }
  }
}
