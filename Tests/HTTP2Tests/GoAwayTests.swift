import HTTP
import HTTP2
import Testing

/// RFC 9113 section 6.8.
struct GoAwayTests {
  @Test func aDrainTakesWhatIsOnItsWay() throws {
    let conversation = try Conversation()
    conversation.feed(.headers(1, fields("GET", "/later")))
    conversation.act { $0.drain() }
    #expect(conversation.goAways.map { $0.number(at: 0) } == [.max])
    // Sent before the client knew.
    conversation.feed(.headers(3, fields()))
    #expect(conversation.said.last == .ended(3, .answered))
    let ping = try #require(conversation.frames.last { $0.kind == .ping })
    conversation.feed(RawFrame(kind: .ping, flags: RawFrame.acknowledgement, payload: ping.payload))
    #expect(conversation.goAways.map { $0.number(at: 0) } == [.max, 3])
    // Sent although it knew.
    conversation.feed(.headers(5, fields()))
    #expect(!conversation.said.contains(.finished))
    conversation.act { $0.respond(HTTPResponse(.ok), to: HTTP2StreamID(rawValue: 1), date: "now") }
    #expect(conversation.said.suffix(2) == [.ended(1, .answered), .finished])
    #expect(conversation.goAways.map { $0.number(at: 4) } == [0, 0])
  }

  @Test func anIdleConnectionIsDrainedAfterOneRoundTrip() throws {
    let pair = try Pair()
    pair.server.drain()
    #expect(pair.server.isDraining)
    pair.run()
    #expect(pair.isServerFinished && pair.isClientFinished)
    // Idle, it has no use for the second.
    #expect(pair.goAways.map(\.rawValue) == [.max])
    #expect(!pair.client.canSubmit)
    #expect(pair.get() == nil)
  }

  @Test func theLastRequestIsAnsweredBeforeTheEnd() throws {
    var limits = HTTP2Limits()
    limits.requestsLimit = 3
    let conversation = try Conversation(limits)
    conversation.feed((0..<5).map { .headers(2 * $0 + 1, fields("GET", $0 == 1 ? "/later" : "/")) })
    #expect(conversation.goAways.map { [$0.number(at: 0), $0.number(at: 4)] } == [[5, 0]])
    #expect(conversation.said.last == .ended(5, .answered))
    conversation.act { $0.respond(HTTPResponse(.ok), to: HTTP2StreamID(rawValue: 3), date: "now") }
    #expect(conversation.said.suffix(2) == [.ended(3, .answered), .finished])
    #expect(conversation.session.isDraining)
  }

  @Test func requestsBeyondTheLastAreSafeToRetry() throws {
    var limits = HTTP2Limits()
    limits.requestsLimit = 2
    let pair = try Pair(server: limits)
    let ids = (0..<4).compactMap { _ in pair.get() }
    pair.run()
    #expect(ids.map { pair.responses[$0]?.isComplete } == [true, true, nil, nil])
    #expect(ids.map { pair.failures[$0] } == [nil, nil, .notProcessed, .notProcessed])
    #expect(pair.goAways == [ids[1]])
    #expect(pair.isServerFinished && pair.isClientFinished)
  }

  @Test func aClientsGoAwayEndsTheSessionOnceItsRequestsAreAnswered() throws {
    let conversation = try Conversation()
    conversation.feed(.headers(1, fields("GET", "/later")), .goAway(last: 0))
    #expect(!conversation.said.contains(.finished))
    conversation.act { $0.respond(HTTPResponse(.ok), to: HTTP2StreamID(rawValue: 1), date: "now") }
    #expect(conversation.said.last == .finished)
  }

  @Test func aClientDrainsToo() throws {
    let pair = try Pair()
    let id = try #require(pair.get())
    pair.client.drain()
    #expect(!pair.client.canSubmit)
    pair.run()
    #expect(pair.responses[id]?.isComplete == true)
    #expect(pair.isServerFinished && pair.isClientFinished)
  }
}
