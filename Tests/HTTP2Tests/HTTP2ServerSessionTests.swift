import HTTP
import HTTP2
import TestSupport
import Testing

struct HTTP2ServerSessionTests {
  typealias Facts = HTTP2ServerSession.HeadFacts

  private static let id = HTTP2StreamID(rawValue: 1)

  @Test func readsARequestWithContentAndTrailers() throws {
    let conversation = try Conversation()
    conversation.feed(
      .headers(1, fields("POST", "/push", [("a", "b"), ("x", "1"), ("a", "c")]), ends: false), .data(1, 3), .data(1, 2),
      .headers(1, [("t", "v")]))
    #expect(
      conversation.said == [
        .head(
          1, "POST", "/push", ["host: example.com", "a: b", "x: 1", "a: c"], Facts(contentLength: nil, expectsContinue: false)),
        .request(1, 5), .ended(1, .answered),
      ])
  }

  @Test func waitsForTheVerdictOnAHead() throws {
    let conversation = try Conversation()
    conversation.feed(.headers(1, fields("POST", "/wait"), ends: false), .data(1, 9), .headers(3, fields()))
    #expect(conversation.said.count == 1)
    #expect(conversation.session.bufferedBytes > 0)
    conversation.act { $0.acceptContent(limit: 100, of: Self.id) }
    #expect(conversation.said.last == .ended(3, .answered))
    conversation.feed(.data(1, 1, ends: true))
    #expect(conversation.said.contains(.request(1, 10)))
  }

  @Test func answersInAnyOrder() throws {
    let conversation = try Conversation()
    conversation.feed([1, 3, 5].map { .headers($0, fields("GET", "/later")) })
    for id: Int32 in [5, 1, 3] {
      conversation.act { $0.respond(HTTPResponse(.noContent), to: HTTP2StreamID(rawValue: id), date: "now") }
    }
    #expect(conversation.said.suffix(3) == [.ended(5, .answered), .ended(1, .answered), .ended(3, .answered)])
    #expect(conversation.session.isIdle)
  }

  @Test(arguments: [
    (
      HTTPResponse(.ok, text: "hello"), "GET",
      [":status: 200", "date: now", "content-type: text/plain; charset=utf-8", "content-length: 5"], "hello"
    ),
    (
      HTTPResponse(.ok, text: "hello"), "HEAD",
      [":status: 200", "date: now", "content-type: text/plain; charset=utf-8", "content-length: 5"], ""
    ),
    (HTTPResponse(.noContent, content: [1]), "GET", [":status: 204", "date: now"], ""),
    (HTTPResponse(HTTPStatus(rawValue: 304), content: [1]), "GET", [":status: 304", "date: now"], ""),
    (HTTPResponse(.ok), "GET", [":status: 200", "date: now", "content-length: 0"], ""),
    (
      HTTPResponse(
        .ok,
        fields: HTTPFields([
          ("Connection", "close"), ("keep-alive", "1"), ("transfer-encoding", "chunked"), ("upgrade", "h2c"),
          ("content-length", "9"),
          ("X-A", " v "),
        ])), "GET", [":status: 200", "date: now", "x-a: v", "content-length: 0"], ""
    ),
  ])
  func writesAResponse(_ response: HTTPResponse, _ method: String, _ fields: [String], _ content: String) throws {
    let pair = try Pair()
    let id = try #require(pair.client.submit(HTTPMethod(method), target: "/", authority: "a", scheme: "http"))
    pair.answer = { _ in response }
    pair.run()
    let heard = try #require(pair.responses[id])
    #expect([":status: \(heard.status.rawValue)"] + lines(heard.fields) == fields)
    #expect(String(decoding: heard.content, as: UTF8.self) == content)
  }

  @Test func asksForContentThatWaits() throws {
    let conversation = try Conversation()
    conversation.feed(.headers(1, fields("PUT", "/", [("expect", "100-continue"), ("content-length", "3")]), ends: false))
    #expect(
      conversation.said.last
        == .head(
          1, "PUT", "/", ["host: example.com", "expect: 100-continue", "content-length: 3"],
          Facts(contentLength: 3, expectsContinue: true)))
    #expect(conversation.frames.last?.kind == .headers)
    #expect(conversation.frames.last?.flags == RawFrame.endHeaders)
    conversation.feed(.data(1, 3, ends: true))
    #expect(conversation.said.last == .ended(1, .answered))
  }

  @Test func anAnswerBeforeTheEndOfTheRequestIsFollowedByAResetWithoutError() throws {
    let conversation = try Conversation()
    conversation.feed(
      .headers(1, fields("POST", "/refuse"), ends: false), .data(1, 9), .data(1, 9, ends: true), .headers(3, fields()))
    #expect(conversation.frames.filter { $0.stream == 1 }.map(\.kind) == [.headers, .data, .resetStream])
    #expect(conversation.resets.map { $0.number(at: 0) } == [0])
    #expect(conversation.said.contains(.ended(1, .answered)))
    #expect(conversation.said.last == .ended(3, .answered))
  }

  /// Small pushes with a bad token are answered at their head, and some clients make an error of a reset that follows.
  @Test func aShortRestIsAwaited() throws {
    let conversation = try Conversation()
    conversation.feed(.headers(1, fields("POST", "/refuse", [("content-length", "5")]), ends: false))
    #expect(conversation.frames.suffix(2).map(\.kind) == [.headers, .data])
    #expect(!conversation.session.isIdle)
    conversation.feed(.data(1, 5, ends: true), .headers(3, fields()))
    #expect(conversation.resets == [])
    #expect(conversation.said.contains(.ended(1, .answered)))
    #expect(conversation.said.last == .ended(3, .answered))
  }

  @Test func aLongRestIsNotAwaited() throws {
    let conversation = try Conversation()
    conversation.feed(.headers(1, fields("POST", "/refuse", [("content-length", "40000")]), ends: false))
    #expect(conversation.resets.map { $0.number(at: 0) } == [0])
    #expect(conversation.said.last == .ended(1, .answered))
  }

  @Test func aLateAnswerToAStreamThatIsOverIsDropped() throws {
    let conversation = try Conversation()
    conversation.feed(.headers(1, fields("GET", "/later")), .reset(1, 8))
    #expect(conversation.said.last == .ended(1, .resetByPeer(.cancel)))
    let count = conversation.sent.count
    conversation.act { $0.respond(HTTPResponse(.ok), to: Self.id, date: "now") }
    conversation.act { $0.sendContinue(on: Self.id) }
    conversation.act { $0.reset(Self.id, .cancel) }
    #expect(conversation.sent.count == count)
  }

  @Test func aSecondAnswerIsDropped() throws {
    let conversation = try Conversation()
    conversation.feed(.headers(1, fields("GET", "/later")), .settings([(4, 0)]))
    conversation.act { $0.respond(HTTPResponse(.ok, text: "1"), to: Self.id, date: "now") }
    conversation.act { $0.respond(HTTPResponse(.ok, text: "2"), to: Self.id, date: "now") }
    conversation.feed(.windowUpdate(1, 9))
    #expect(conversation.frames.filter { $0.kind == .data }.map(\.payload) == [Array("1".utf8)])
  }

  @Test func theCallerCanGiveARequestUp() throws {
    let conversation = try Conversation()
    conversation.feed(.headers(1, fields("POST", "/wait"), ends: false))
    conversation.act { $0.reset(Self.id, .cancel) }
    #expect(conversation.said.last == .ended(1, .reset(.cancel)))
    conversation.feed(.headers(3, fields()))
    #expect(conversation.said.last == .ended(3, .answered))
  }

  @Test func whatTheCallerGivesUpIsNotHeldAgainstTheClient() throws {
    var limits = HTTP2Limits()
    limits.resets = .init(burst: 1, perSecond: 1)
    let conversation = try Conversation(limits)
    for number: Int32 in 0..<20 {
      conversation.feed(.headers(2 * number + 1, fields("GET", "/later")))
      conversation.act { $0.reset(HTTP2StreamID(rawValue: 2 * number + 1), .cancel) }
    }
    #expect(conversation.goAways == [])
  }

  @Test func contentThatIsTooLargeIsNotAskedFor() throws {
    let conversation = try Conversation(http: HTTPLimits(contentBytesLimit: 2))
    conversation.feed(.headers(1, fields("PUT", "/", [("expect", "100-continue"), ("content-length", "3")]), ends: false))
    #expect(conversation.frames.filter { $0.kind == .headers }.count == 1)
    #expect(conversation.said.suffix(2) == [.failed(1, .contentTooLarge), .ended(1, .answered)])
  }

  @Test func nothingIsLeftOfWhatIsOver() throws {
    weak var server: HTTP2ServerSession?
    weak var client: HTTP2ClientSession?
    do {
      let pair = try Pair()
      server = pair.server
      client = pair.client
      for round in 0..<50 {
        for number in 0..<20 { _ = number % 4 == 0 ? pair.post(number % 8 == 0 ? "/refuse" : "/", 5000) : pair.get() }
        if round % 10 == 9 { _ = pair.get().map(pair.client.cancel) }
        pair.run()
        #expect(pair.server.isIdle && pair.client.isIdle)
      }
      #expect(pair.server.incompleteContentBytes == 0 && pair.server.bufferedBytes == 0)
      #expect(!pair.server.isBlockedByPeer && !pair.client.isBlockedByPeer)
      // One stays open.
      _ = pair.post("/wait", 100_000)
      pair.run()
    }
    #expect(server == nil && client == nil)
  }

  @Test(arguments: [
    (fields("GET", "/" + String(repeating: "a", count: 50)), HTTP2RequestError.targetTooLong, 414),
    (fields("GET", "/", (0..<6).map { ("a\($0)", "b") }), .tooManyFields, 431),
    (fields("GET", "/", [("a", String(repeating: "b", count: 300))]), .headTooLarge, 431),
  ])
  func aHeadThatPassesALimitIsAnswered(_ fields: [(String, String)], _ error: HTTP2RequestError, _ status: Int) throws {
    var limits = HTTP2Limits()
    limits.fieldSectionBytesLimit = 500
    let conversation = try Conversation(limits, http: HTTPLimits(fieldCountLimit: 5, targetBytesLimit: 50))
    conversation.feed(.headers(1, fields), .headers(3, HTTP2Tests.fields()))
    #expect(error.status.rawValue == status)
    #expect(conversation.said.prefix(2) == [.failed(1, error), .ended(1, .answered)])
    #expect(conversation.said.last == .ended(3, .answered))
  }

  @Test func saysItsSettingsFirst() throws {
    let conversation = try Conversation(preface: [])
    let settings = try #require(conversation.frames.first)
    #expect(settings == .settings([(3, 100), (4, 65_536), (6, 16_384)]))
    #expect(!conversation.session.hasReceivedPreface)
    conversation.feed(HTTP2Preface.bytes)
    #expect(!conversation.session.hasReceivedPreface)
    conversation.feed(.settings())
    #expect(conversation.session.hasReceivedPreface)
  }

  /// For the deadline that a frame and a header section have.
  @Test func knowsWhetherAFrameIsUnderWay() throws {
    let conversation = try Conversation()
    #expect(!conversation.session.isAmidFrame)
    conversation.feed(Array(RawFrame.ping.bytes.prefix(3)))
    #expect(conversation.session.isAmidFrame)
    conversation.feed(Array(RawFrame.ping.bytes.dropFirst(3)))
    #expect(!conversation.session.isAmidFrame)
    conversation.feed(RawFrame(kind: .headers, flags: RawFrame.endStream, stream: 1, payload: fields().flatMap(RawFrame.literal)))
    #expect(conversation.session.isAmidFrame)
    conversation.feed(RawFrame(kind: .continuation, flags: RawFrame.endHeaders, stream: 1))
    #expect(!conversation.session.isAmidFrame)
  }

  @Test(arguments: ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\r", "X"])
  func anotherPrefaceEndsTheSession(_ text: String) throws {
    let conversation = try Conversation(preface: Array(text.utf8))
    #expect(conversation.said == [.error(.notHTTP2)])
    #expect(conversation.goAways.map { $0.number(at: 4) } == [1])
  }

  @Test(arguments: [
    ("even id", [RawFrame.headers(2, fields())], 1), ("id 0", [.headers(0, fields())], 1),
    ("lower id", [.headers(5, fields()), .headers(3, fields())], 1),
    ("DATA on an idle stream", [.data(1, 1)], 1), ("RST_STREAM on an idle stream", [.reset(1)], 1),
    ("WINDOW_UPDATE on an idle stream", [.windowUpdate(1, 1)], 1), ("DATA on stream 0", [.data(0, 1)], 1),
    (
      "push from a client", [.headers(1, fields()), RawFrame(kind: .pushPromise, flags: 4, stream: 1, payload: [0, 0, 0, 2])], 1
    ),
    ("window overflow", [.windowUpdate(0, .max)], 3), ("window update of 0", [.windowUpdate(0, 0)], 1),
    ("frame too large", [.headers(1, fields("POST"), ends: false), .data(1, 16_385)], 6),
    ("PING of 7 bytes", [RawFrame(kind: .ping, payload: [1, 2, 3, 4, 5, 6, 7])], 6),
    ("bad compression", [RawFrame(kind: .headers, flags: 5, stream: 1, payload: [0xff, 0xff, 0xff, 0xff, 0xff])], 9),
    ("CONTINUATION alone", [RawFrame(kind: .continuation, flags: 4, stream: 1)], 1),
    ("a frame amid a section", [RawFrame(kind: .headers, stream: 1, payload: []), .ping], 1),
    (
      "padding longer than the frame",
      [.headers(1, fields("POST"), ends: false), RawFrame(kind: .data, flags: 8, stream: 1, payload: [9, 1])], 1
    ),
    ("DATA after the end", [.headers(1, fields("POST", "/later")), .data(1, 1)], 5),
  ])
  func aViolationEndsTheConnection(_ what: String, _ frames: [RawFrame], _ code: Int32) throws {
    let conversation = try Conversation()
    conversation.feed(frames)
    #expect(conversation.goAways.map { $0.number(at: 4) } == [code])
    guard case .error(.violation(let said, _)) = conversation.said.last else {
      Issue.record("not ended: \(conversation.said)")
      return
    }
    #expect(said.rawValue == UInt32(code))
    let count = conversation.sent.count
    conversation.feed(.headers(7, fields()), .ping)
    #expect(conversation.sent.count == count, "it speaks after its last word")
  }

  @Test func aWindowThatOverflowsOnAStreamIsReset() throws {
    let conversation = try Conversation()
    conversation.feed(.headers(1, fields("GET", "/later")), .windowUpdate(1, .max), .headers(3, fields()))
    #expect(conversation.said.contains(.ended(1, .reset(.flowControlError))))
    #expect(conversation.said.last == .ended(3, .answered))
  }

  @Test func saysTheSameHoweverTheBytesCome() throws {
    let input = Conversation.preface + Self.manyThings.flatMap(\.bytes)
    func converse(_ pieces: [[UInt8]]) throws -> ([Conversation.Said], [RawFrame]) {
      let conversation = try Conversation(preface: [])
      pieces.forEach { conversation.feed($0) }
      return (conversation.said, conversation.frames)
    }
    let whole = try converse([input])
    #expect(whole.0.count > 12)
    let bytewise = try converse(HTTP2Tests.bytewise(input))
    #expect(bytewise.0 == whole.0)
    #expect(bytewise.1 == whole.1)
    for _ in 0..<50 {
      var random = SplitMix()
      let split = try converse(HTTP2Tests.split(input, upTo: 200, &random))
      #expect(split.0 == whole.0, "seed \(random.seed)")
      #expect(split.1 == whole.1, "seed \(random.seed)")
    }
  }

  /// Ends with a violation, so that its place is compared too.
  static let manyThings: [RawFrame] = [
    .headers(1, fields()), .ping, .headers(3, fields("POST"), ends: false), .data(3, 40_000 % 16_384),
    .headers(5, fields("GET", "*")),
    .data(3, 10, ends: true), .headers(7, fields("POST", "/refuse"), ends: false), .data(7, 100), .data(7, 1, ends: true),
    RawFrame(kind: .unknown, payload: [1, 2, 3]), .headers(9, fields("GET", "/later")), .reset(9),
    RawFrame(kind: .headers, flags: 1, stream: 11, payload: []),
    RawFrame(kind: .continuation, flags: 4, stream: 11, payload: fields().flatMap(RawFrame.literal)),
    .headers(13, fields("POST", "/", [("content-length", "3")]), ends: false),
    RawFrame(kind: .data, flags: 9, stream: 13, payload: [2, 97, 98, 99, 0, 0]),
    .settings([(4, 10)]), .headers(15, fields("POST"), ends: false), .data(15, 7, ends: true), .windowUpdate(0, 100),
    .windowUpdate(0, 0),
  ]

  // MARK: What the owner's clocks need

  @Test func saysWhenOnlyTheRestOfTheRequestIsOwed() throws {
    let conversation = try Conversation()
    conversation.feed(.headers(1, fields("POST", "/refuse", [("content-length", "5")]), ends: false))
    #expect(conversation.session.isAnswered(HTTP2StreamID(rawValue: 1)))
    #expect(!conversation.session.isIdle)
    conversation.act { $0.reset(HTTP2StreamID(rawValue: 1), .noError) }
    #expect(conversation.said.last == .ended(1, .answered))
    conversation.feed(.headers(3, fields("POST", "/wait", [("content-length", "5")]), ends: false))
    #expect(!conversation.session.isAnswered(HTTP2StreamID(rawValue: 3)))
  }

  /// A part of a frame does not count, nor does a part of a header section.
  @Test func countsFramesThatHaveComeWhole() throws {
    let conversation = try Conversation()
    let before = conversation.session.frameCount
    var head = RawFrame.headers(1, fields())
    head.flags &= ~RawFrame.endHeaders
    conversation.feed(head)
    #expect(conversation.session.frameCount == before)
    conversation.feed(RawFrame(kind: .continuation, flags: RawFrame.endHeaders, stream: 1))
    #expect(conversation.session.frameCount == before + 1)
    conversation.feed(Array(RawFrame.ping.bytes.dropLast()))
    #expect(conversation.session.frameCount == before + 1)
    conversation.feed(Array(RawFrame.ping.bytes.suffix(1)))
    #expect(conversation.session.frameCount == before + 2)
  }
}
