import HTTP
import HTTP2
import Testing

/// RFC 9113 section 5.2.
struct FlowControlTests {
  @Test func contentThatNobodyAcceptedIsNeverAskedFor() throws {
    let pair = try Pair()
    let id = try #require(pair.post("/wait", 1 << 20))
    pair.run()
    #expect(pair.client.isBlockedByPeer, "the client does not stall")
    #expect(pair.server.bufferedBytes <= (64 << 10) + 4 * 9, "more than a window is kept")
    #expect(pair.requests[id] == nil)
    // It ends with an answer, and the rest is never sent.
    pair.server.respond(HTTPResponse(.unauthorized), to: id, date: "now")
    pair.run()
    #expect(pair.responses[id]?.status == .unauthorized)
    #expect(pair.responses[id]?.isComplete == true)
    #expect(pair.client.isIdle && pair.server.isIdle)
    #expect(!pair.client.isBlockedByPeer)
  }

  @Test func acceptedContentFlowsUpToItsLimit() throws {
    let pair = try Pair(http: HTTPLimits(contentBytesLimit: 1 << 20))
    let id = try #require(pair.post("/", 1 << 20))
    pair.run()
    #expect(pair.requests[id]?.content.count == 1 << 20)
    #expect(pair.responses[id]?.isComplete == true)
  }

  @Test(arguments: [0, 1, 100, 70_000, 200_000])
  func contentOverItsLimitIsAnswered(_ limit: Int) throws {
    let conversation = try Conversation(http: HTTPLimits(contentBytesLimit: limit))
    conversation.feed(.headers(1, fields("POST"), ends: false))
    var sent = 0
    while sent <= limit {
      let count = min(16_384, limit + 1 - sent)
      conversation.feed(.data(1, count))
      sent += count
    }
    #expect(conversation.said.suffix(2) == [.failed(1, .contentTooLarge), .ended(1, .answered)])
    #expect(conversation.resets.map { $0.number(at: 0) } == [0])
    // All the credit that was given on the stream.
    let credit = conversation.frames.filter { $0.kind == .windowUpdate && $0.stream == 1 }.reduce(0) {
      $0 + Int($1.number(at: 0))
    }
    #expect(credit <= limit)
  }

  @Test func contentThatIsKnownToBeTooLargeIsAnsweredAtOnce() throws {
    let conversation = try Conversation(http: HTTPLimits(contentBytesLimit: 10))
    conversation.feed(.headers(1, fields("POST", "/", [("content-length", "11")]), ends: false))
    #expect(conversation.said.last == .failed(1, .contentTooLarge))
    #expect(conversation.frames.last?.kind == .headers)
    conversation.feed(.data(1, 11, ends: true))
    #expect(conversation.said.last == .ended(1, .answered))
  }

  /// A hundred uploads at once are read one after the other where there is no room for all, and every one of them to its end.
  @Test func manyUploadsDoNotFillTheMemory() throws {
    var limits = HTTP2Limits()
    limits.incompleteContentBytesLimit = 300 << 10
    let pair = try Pair(server: limits, http: HTTPLimits(contentBytesLimit: 400 << 10))
    let ids = (0..<20).compactMap { _ in pair.post("/", 400 << 10) }
    pair.run()
    #expect(ids.allSatisfy { pair.requests[$0]?.content.count == 400 << 10 })
    #expect(pair.server.isIdle)
    // The limit, a window for each that was open to it, and all of the oldest.
    #expect(pair.incompleteContentPeak <= (300 << 10) + 20 * (64 << 10) + (400 << 10))
    #expect(pair.server.incompleteContentBytes == 0)
  }

  @Test func whatIsKeptIsFreedWithTheStream() throws {
    let conversation = try Conversation()
    conversation.feed([1, 3, 5].flatMap { [.headers($0, fields("POST"), ends: false), .data($0, 1000)] })
    #expect(conversation.session.incompleteContentBytes == 3000)
    conversation.feed(.reset(1))
    #expect(conversation.session.incompleteContentBytes == 2000)
    conversation.act { $0.respond(HTTPResponse(.requestTimeout), to: HTTP2StreamID(rawValue: 3), date: "now") }
    #expect(conversation.session.incompleteContentBytes == 1000)
    conversation.feed(.data(5, 1, ends: true))
    #expect(conversation.session.incompleteContentBytes == 0)
    #expect(conversation.session.isIdle)
  }

  @Test func moreThanTheWindowIsAnError() throws {
    let conversation = try Conversation()
    conversation.feed(.headers(1, fields("POST", "/refuse"), ends: false))
    // Acknowledges the settings: from now on the window is known to both.
    conversation.feed(RawFrame(kind: .settings, flags: RawFrame.acknowledgement), .headers(3, fields("POST"), ends: false))
    conversation.feed((0..<3).map { _ in .data(3, 16_384) })
    #expect(conversation.resets.filter { $0.stream == 3 } == [])
    var limits = HTTP2Limits()
    limits.streamWindowBytes = 10
    let small = try Conversation(limits)
    small.feed(RawFrame(kind: .settings, flags: RawFrame.acknowledgement), .headers(1, fields("POST"), ends: false), .data(1, 11))
    #expect(small.said.last == .ended(1, .reset(.flowControlError)))
  }

  @Test func answersWaitForThePeersWindow() throws {
    let conversation = try Conversation(preface: HTTP2Preface.bytes + RawFrame.settings([(4, 0)]).bytes)
    conversation.feed(.headers(1, fields()))
    #expect(conversation.frames.last?.kind == .headers)
    #expect(conversation.session.isBlockedByPeer)
    #expect(conversation.session.openStreamCount == 1)
    conversation.feed(.windowUpdate(1, 2))
    #expect(conversation.frames.last?.payload == Array("he".utf8))
    #expect(conversation.session.sentContentBytes == 2)
    #expect(conversation.session.isBlockedByPeer)
    conversation.feed(.windowUpdate(1, 100))
    #expect(conversation.said.last == .ended(1, .answered))
    #expect(!conversation.session.isBlockedByPeer)
  }

  /// 400 MB need 25,000 updates of half a window, on streams and on the connection.
  @Test func aFastReaderMayGiveAsMuchCreditAsItReads() throws {
    let pair = try Pair()
    pair.answer = { _ in HTTPResponse(.ok, content: Array(repeating: 0x63, count: 4 << 20)) }
    for _ in 0..<10 {
      let ids = (0..<10).compactMap { _ in pair.get() }
      pair.run()
      #expect(ids.allSatisfy { pair.responses[$0]?.content.count == 4 << 20 })
    }
    #expect(pair.serverError == nil)
  }

  @Test func aFastWriterMayBeGivenAsMuchCredit() throws {
    let pair = try Pair()
    for _ in 0..<300 {
      _ = pair.post("/", 250_000)
      pair.run()
    }
    #expect(pair.requests.count == 300)
    #expect(pair.clientError == nil)
  }

  @Test func aResetFreesWhatWaits() throws {
    let conversation = try Conversation(preface: HTTP2Preface.bytes + RawFrame.settings([(4, 0)]).bytes)
    conversation.feed(.headers(1, fields()), .reset(1))
    #expect(!conversation.session.isBlockedByPeer)
    #expect(conversation.session.isIdle)
  }

  @Test func aSlowReaderHoldsUpNothingButItsOwnStream() throws {
    let pair = try Pair()
    pair.answer = { HTTPResponse(.ok, content: Array(repeating: 0x63, count: $0.path == "/watch" ? 4 << 20 : 3 << 20)) }
    pair.consumes = false
    let watch = try #require(pair.get("/watch"))
    pair.run()
    #expect(pair.responses[watch]?.content.count ?? 0 >= 65_535)
    #expect(pair.responses[watch]?.content.count ?? .max <= 64 << 10)
    pair.consumes = true
    let other = try #require(pair.get("/other"))
    pair.run()
    #expect(pair.responses[other]?.isComplete == true)
    #expect(pair.responses[other]?.content.count == 3 << 20)
    #expect(pair.responses[watch]?.isComplete == false)
    // It goes on when it is read.
    pair.client.consumed(64 << 10, on: watch)
    pair.run()
    #expect(pair.responses[watch]?.content.count == 4 << 20)
    #expect(pair.responses[watch]?.isComplete == true)
  }

  /// Output is made as it is read: a large answer does not lie in memory twice.
  @Test func noMoreOutputIsMadeThanIsRead() throws {
    let conversation = try Conversation(preface: HTTP2Preface.bytes + RawFrame.settings([(4, .max)]).bytes)
    conversation.feed(.windowUpdate(0, .max - 65_535), .headers(1, fields("GET", "/later")))
    conversation.isRead = false
    let content = [UInt8](repeating: 1, count: 4 << 20)
    conversation.act { $0.respond(HTTPResponse(.ok, content: content), to: HTTP2StreamID(rawValue: 1), date: "now") }
    #expect(conversation.sent.count < 300 << 10)
    #expect(conversation.session.isCongested)
    #expect(!conversation.session.isBlockedByPeer)
    conversation.isRead = true
    conversation.act { $0.unsentBytes = 0 }
    #expect(conversation.sent.count > 4 << 20)
    #expect(conversation.said.last == .ended(1, .answered))
  }
}
