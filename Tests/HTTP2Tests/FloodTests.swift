import HTTP
import HTTP2
import Testing

/// What a client may do at no cost to itself has a budget. Over it the connection ends with GOAWAY ENHANCE_YOUR_CALM, for a reason that
/// can be counted; within it nothing happens.
struct FloodTests {
  struct Flood: CustomStringConvertible, Sendable {
    let description: String
    let error: HTTP2Error
    let budget: Int
    /// What comes before it, and costs nothing.
    var before: [RawFrame] = []
    let frames: @Sendable (Int) -> [RawFrame]
  }

  static let floods: [Flood] = [
    Flood(description: "rapid reset", error: .tooManyResets, budget: 20) {
      [.headers(id($0), fields("GET", "/later")), .reset(id($0))]
    },
    Flood(description: "made-you-reset by a window", error: .tooManyResets, budget: 20) {
      [.headers(id($0), fields("GET", "/later")), .windowUpdate(id($0), .max)]
    },
    Flood(description: "made-you-reset by malformed trailers", error: .tooManyResets, budget: 20) {
      [.headers(id($0), fields("POST"), ends: false), .headers(id($0), [("A", "b")])]
    },
    Flood(description: "malformed requests", error: .tooManyResets, budget: 20) { [.headers(id($0), fields("GET", "no"))] },
    Flood(description: "content over content-length", error: .tooManyResets, budget: 20) {
      [.headers(id($0), fields("POST", "/", [("content-length", "1")]), ends: false), .data(id($0), 2)]
    },
    Flood(
      description: "streams over the limit", error: .tooManyResets, budget: 20,
      before: (0..<10).map { .headers(id($0), fields("GET", "/later")) }
    ) {
      [.headers(id($0 + 10), fields())]
    },
    Flood(description: "heads over four times the limit", error: .tooManyResets, budget: 20) {
      [.headers(id($0), fields("GET", "/", (0..<5).map { ("a\($0)", String(repeating: "b", count: 400)) }))]
    },
    Flood(description: "PING", error: .tooManyControlFrames, budget: 50) { _ in [.ping] },
    Flood(description: "SETTINGS", error: .tooManyControlFrames, budget: 50) { _ in [.settings([(3, 100)])] },
    Flood(description: "PRIORITY", error: .tooManyControlFrames, budget: 50) { _ in
      [RawFrame(kind: .priority, stream: 3, payload: [0, 0, 0, 0, 10])]
    },
    Flood(description: "WINDOW_UPDATE", error: .tooManyControlFrames, budget: 50) { _ in [.windowUpdate(0, 1)] },
    Flood(
      description: "content by the byte", error: .tooManyControlFrames, budget: 49,
      before: [.settings([(4, 0)]), .headers(1, fields())]
    ) { _ in [.windowUpdate(1, 1)] },
    Flood(description: "frames of unknown types", error: .tooManyControlFrames, budget: 50) { _ in
      [RawFrame(kind: .unknown, payload: [1, 2])]
    },
    Flood(description: "empty DATA", error: .tooManyControlFrames, budget: 50, before: [.headers(1, fields("POST"), ends: false)])
    { _ in
      [.data(1, 0)]
    },
    Flood(
      description: "DATA of padding alone", error: .tooManyControlFrames, budget: 50,
      before: [.headers(1, fields("POST"), ends: false)]
    ) { _ in [RawFrame(kind: .data, flags: RawFrame.padded, stream: 1, payload: [3, 0, 0, 0])] },
    Flood(
      description: "DATA for a stream that is over", error: .tooManyControlFrames, budget: 50 + 256,
      before: [.headers(1, fields("POST", "/refuse"), ends: false)]
    ) { _ in [.data(1, 1)] },
    Flood(
      description: "fields for a stream that is over", error: .tooManyControlFrames, budget: 50,
      before: [.headers(1, fields("POST", "/refuse"), ends: false)]
    ) { _ in [.headers(1, [("a", "b")])] },
  ]

  private static func id(_ number: Int) -> Int32 { Int32(2 * number + 1) }

  private static var limits: HTTP2Limits {
    var limits = HTTP2Limits()
    limits.concurrentStreamsLimit = 10
    limits.fieldSectionBytesLimit = 400
    limits.resets = .init(burst: 20, perSecond: 10)
    // One for the first SETTINGS, which every client sends.
    limits.controlFrames = .init(burst: 51, perSecond: 100)
    return limits
  }

  @Test(arguments: floods)
  func endsOverItsBudgetAndNotWithin(_ flood: Flood) throws {
    let conversation = try Conversation(Self.limits)
    conversation.feed(flood.before)
    for number in 0..<flood.budget { conversation.feed(flood.frames(number)) }
    #expect(conversation.goAways == [], "it ends within the budget")
    conversation.feed(flood.frames(flood.budget))
    #expect(conversation.said.last == .error(flood.error))
    #expect(conversation.goAways.map { $0.number(at: 4) } == [11])
  }

  /// The answer to a burst in one piece is the same as to one that trickles in.
  @Test(arguments: floods)
  func endsTheSameInOnePiece(_ flood: Flood) throws {
    let conversation = try Conversation(Self.limits)
    conversation.feed(flood.before + (0..<flood.budget + 10).flatMap { flood.frames($0) })
    #expect(conversation.said.last == .error(flood.error))
    #expect(conversation.goAways.count == 1)
  }

  @Test(arguments: floods)
  func theBudgetComesBackWithTime(_ flood: Flood) throws {
    let conversation = try Conversation(Self.limits)
    conversation.feed(flood.before)
    for number in 0..<flood.budget - 1 { conversation.feed(flood.frames(number)) }
    conversation.now += .milliseconds(200)
    for number in flood.budget - 1..<flood.budget + 1 { conversation.feed(flood.frames(number)) }
    #expect(conversation.goAways == [])
  }

  @Test func aSectionMayNotBeSpreadOverManyFrames() throws {
    func spread(over count: Int) throws -> Conversation {
      let conversation = try Conversation()
      conversation.feed(
        RawFrame(kind: .headers, flags: RawFrame.endStream, stream: 1, payload: fields().flatMap(RawFrame.literal)))
      for number in 1..<count {
        conversation.feed(RawFrame(kind: .continuation, stream: 1, payload: RawFrame.literal(("a\(number)", "b"))))
      }
      conversation.feed(RawFrame(kind: .continuation, flags: RawFrame.endHeaders, stream: 1))
      return conversation
    }
    #expect(try spread(over: 7).said.last == .ended(1, .answered))
    let flood = try spread(over: 8)
    #expect(flood.said == [.error(.tooManyContinuations)])
    #expect(flood.goAways.map { $0.number(at: 4) } == [11])
  }

  /// 16,000 bytes that stand for 60 MB: each is a reference to a field that was sent once (RFC 7541 section 6.1).
  @Test func aCompressionBombIsGivenUpEarly() throws {
    let conversation = try Conversation()
    let large = [0x40, 1, 0x78] + Array(RawFrame.literal(("", String(repeating: "a", count: 3900))).dropFirst(2))
    let first = fields().flatMap(RawFrame.literal) + large
    conversation.feed(RawFrame(kind: .headers, flags: 5, stream: 1, payload: first))
    #expect(conversation.said.last == .ended(1, .answered))
    let bomb = fields().flatMap(RawFrame.literal) + Array(repeating: 0x80 | 62, count: 16_000)
    let duration = ContinuousClock().measure {
      for number in 1...20 { conversation.feed(RawFrame(kind: .headers, flags: 5, stream: Int32(2 * number + 1), payload: bomb)) }
    }
    #expect(conversation.said.suffix(20).allSatisfy { $0 == .rejected(.headFlood) })
    #expect(conversation.resets.allSatisfy { $0.number(at: 0) == 11 })
    #expect(duration < .seconds(5))
    // The compression state is whole: the next request is understood.
    conversation.feed(.headers(101, fields()))
    #expect(conversation.said.last == .ended(101, .answered))
  }

  @Test func settingsWithManyEntriesEndTheConnection() throws {
    let conversation = try Conversation()
    conversation.feed(.settings(Array(repeating: (3, 100), count: 100)))
    #expect(conversation.goAways.map { $0.number(at: 4) } == [11])
  }

  /// A client that sends and does not read has its acknowledgements pile up, up to a limit; then nothing more of it is used.
  @Test func aPeerThatDoesNotReadIsNotListenedTo() throws {
    var limits = HTTP2Limits()
    limits.unsentBytesLimit = 4 << 10
    let conversation = try Conversation(limits)
    conversation.isRead = false
    conversation.feed(Array(repeating: .ping, count: 600))
    #expect(conversation.session.isCongested)
    #expect(conversation.sent.count < 5 << 10)
    #expect(conversation.session.bufferedBytes > 1 << 10)
    #expect(!conversation.session.canContinue)
    conversation.session.unsentBytes = 0
    #expect(conversation.session.canContinue)
    conversation.isRead = true
    conversation.act { $0.unsentBytes = 0 }
    #expect(!conversation.session.isCongested)
    #expect(conversation.session.bufferedBytes == 0)
    #expect(conversation.frames.filter { $0.kind == .ping }.count == 600)
    #expect(conversation.goAways == [])
  }

  @Test func whoIsRefusedEarlyMayResetTheStreamAsWell() throws {
    let conversation = try Conversation(Self.limits)
    for number in 0..<100 {
      conversation.feed(.headers(Self.id(number), fields("POST", "/refuse"), ends: false), .reset(Self.id(number)))
    }
    #expect(conversation.goAways == [])
  }

  @Test func aClientThatFillsAllWindowsWithinItsRightsIsNoFlood() throws {
    let pair = try Pair()
    let ids = (0..<100).compactMap { _ in pair.post("/refuse", 64 << 10) }
    #expect(ids.count == 100)
    pair.run()
    #expect(pair.serverError == nil)
    #expect(ids.allSatisfy { pair.responses[$0]?.status == .unauthorized })
  }
}
