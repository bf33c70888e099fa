import HTTP
import HTTP2
import TestSupport
import Testing

struct HTTP2ClientSessionTests {
  @Test func carriesManyRequestsAtOnce() throws {
    let pair = try Pair()
    pair.answer = { HTTPResponse(.ok, text: "\($0.method.token) \($0.target) \($0.content.count)") }
    let ids = (0..<60).compactMap { $0 % 2 == 0 ? pair.get("/\($0)") : pair.post("/\($0)", 5000 * $0 % 100_000) }
    pair.run()
    #expect(ids.count == 60)
    for (number, id) in ids.enumerated() {
      let content = String(decoding: pair.responses[id]?.content ?? [], as: UTF8.self)
      #expect(content == (number % 2 == 0 ? "GET /\(number) 0" : "POST /\(number) \(5000 * number % 100_000)"))
      #expect(pair.ends[id] == .answered)
    }
    #expect(pair.client.isIdle && pair.server.isIdle)
  }

  @Test func saysTheSameHoweverTheBytesCome() throws {
    for round in 0..<20 {
      var random = SplitMix()
      let pair = try Pair()
      pair.answer = {
        $0.path == "/large" ? HTTPResponse(.ok, content: Array(repeating: 7, count: 150_000)) : HTTPResponse(.ok, text: $0.target)
      }
      pair.cut = { bytes in
        round == 0 ? HTTP2Tests.bytewise(bytes) : HTTP2Tests.split(bytes, upTo: 3000, &random)
      }
      let ids = [pair.get("/a"), pair.post("/b", 100_000), pair.get("/large"), pair.get("/refuse")].compactMap { $0 }
      pair.run()
      #expect(ids.map { pair.responses[$0]?.content.count } == [2, 2, 150_000, 0], "seed \(random.seed)")
      #expect(ids.allSatisfy { pair.responses[$0]?.isComplete == true }, "seed \(random.seed)")
    }
  }

  @Test func sendsNoMoreStreamsThanTheServerAllows() throws {
    var limits = HTTP2Limits()
    limits.concurrentStreamsLimit = 3
    let pair = try Pair(server: limits)
    pair.answer = { _ in nil }
    let ids = (0..<5).map { _ in pair.get() }
    #expect(ids.map { $0 != nil } == [true, true, true, false, false])
    pair.run()
    pair.server.respond(HTTPResponse(.ok), to: try #require(ids[1]), date: "now")
    pair.run()
    #expect(pair.client.canSubmit)
    #expect(pair.openStreamsPeak == 3)
  }

  @Test func sendsWhatMayBeSent() throws {
    let pair = try Pair()
    let fields = HTTPFields([
      ("Accept", "*/*"), ("Host", "evil"), ("Connection", "close"), ("te", "gzip"), ("Transfer-Encoding", "chunked"),
      ("content-length", "9"),
    ])
    let id = try #require(
      pair.client.submit(
        .post, target: "/a b#c\r\n", authority: "example.com:443", scheme: "https", fields: fields, content: [1, 2]))
    pair.run()
    let request = try #require(pair.requests[id])
    #expect(request.target == "/a%20b%23c%0D%0A")
    #expect(lines(request.fields) == ["host: example.com:443", "accept: */*", "content-length: 2"])
    #expect(request.content == [1, 2])
  }

  @Test func aCancelledRequestIsForgotten() throws {
    let pair = try Pair()
    pair.answer = { _ in HTTPResponse(.ok, content: Array(repeating: 1, count: 1 << 20)) }
    pair.consumes = false
    let id = try #require(pair.get())
    pair.run()
    pair.client.cancel(id)
    let next = try #require(pair.get())
    pair.consumes = true
    pair.run()
    #expect(pair.ends[id] == .resetByPeer(.cancel))
    #expect(pair.failures[id] == nil)
    #expect(pair.responses[next]?.content.count == 1 << 20)
    #expect(pair.client.isIdle && pair.server.isIdle)
  }

  @Test func aPingIsAnswered() throws {
    let pair = try Pair()
    pair.client.ping()
    pair.run()
    #expect(pair.pongs == 1)
  }

  // MARK: What a server may do

  @Test(arguments: [
    (
      "whole", [RawFrame.headers(1, [(":status", "200"), ("a", "b")], ends: false), .data(1, 5), .data(1, 2, ends: true)],
      ["stream 1: 200 [\"a: b\"]", "stream 1: 5 bytes", "stream 1: 2 bytes", "stream 1: end"]
    ),
    (
      "interim first", [.headers(1, [(":status", "103"), ("link", "x")], ends: false), .headers(1, [(":status", "204")])],
      ["stream 1: 204 []", "stream 1: end"]
    ),
    (
      "trailers", [.headers(1, [(":status", "200")], ends: false), .data(1, 5), .headers(1, [("t", "v")])],
      ["stream 1: 200 []", "stream 1: 5 bytes", "stream 1: end"]
    ),
    ("refused", [.reset(1, 7)], ["stream 1: the server has not processed the request"]),
    (
      "refused in the middle", [.headers(1, [(":status", "200")], ends: false), .reset(1, 7)],
      ["stream 1: 200 []", "stream 1: the server reset the stream: REFUSED_STREAM"]
    ),
    (
      "reset", [.headers(1, [(":status", "200")], ends: false), .data(1, 1), .reset(1, 2)],
      ["stream 1: 200 []", "stream 1: 1 bytes", "stream 1: the server reset the stream: INTERNAL_ERROR"]
    ),
    ("reset after the end", [.headers(1, [(":status", "200")]), .reset(1, 0)], ["stream 1: 200 []", "stream 1: end"]),
    (
      "not processed", [.goAway(last: 0, 0)],
      ["going away: NO_ERROR, last 0", "stream 1: the server has not processed the request", "finished"]
    ),
    (
      "going away later", [.goAway(last: 1, 11), .headers(1, [(":status", "200")])],
      ["going away: ENHANCE_YOUR_CALM, last 1", "stream 1: 200 []", "stream 1: end", "finished"]
    ),
    ("no status", [.headers(1, [("a", "b")])], ["stream 1: the response does not follow RFC 9113 section 8"]),
    ("status 099", [.headers(1, [(":status", "099")])], ["stream 1: the response does not follow RFC 9113 section 8"]),
    (
      "upper-case name", [.headers(1, [(":status", "200"), ("A", "b")])],
      ["stream 1: the response does not follow RFC 9113 section 8"]
    ),
    (
      "connection field", [.headers(1, [(":status", "200"), ("connection", "close")])],
      ["stream 1: the response does not follow RFC 9113 section 8"]
    ),
    ("content before the head", [.data(1, 3)], ["PROTOCOL_ERROR: DATA: stream not opened"]),
    (
      "less than content-length",
      [.headers(1, [(":status", "200"), ("content-length", "3")], ends: false), .data(1, 2, ends: true)],
      ["stream 1: 200 [\"content-length: 3\"]", "stream 1: 2 bytes", "stream 1: the response does not follow RFC 9113 section 8"]
    ),
    (
      "large head", [.headers(1, [(":status", "200"), ("a", String(repeating: "b", count: 16_340))])],
      ["stream 1: the response's fields pass a limit"]
    ),
    ("request", [.headers(2, fields())], ["PROTOCOL_ERROR: request HEADERS: client received request"]),
    (
      "push", [RawFrame(kind: .pushPromise, flags: 4, stream: 1, payload: [0, 0, 0, 2] + fields().flatMap(RawFrame.literal))],
      ["PROTOCOL_ERROR: PUSH_PROMISE"]
    ),
  ])
  func hears(_ what: String, _ frames: [RawFrame], _ expected: [String]) throws {
    #expect(try Listener(frames).said == expected)
  }

  @Test func theAnswerToHeadHasNoContent() throws {
    #expect(try Listener([.headers(1, [(":status", "200"), ("content-length", "9")])], .head).said.last == "stream 1: end")
  }

  @Test func endlessInterimResponsesAreGivenUp() throws {
    let listener = try Listener((0..<20).map { _ in .headers(1, [(":status", "103")], ends: false) })
    #expect(listener.said == ["stream 1: the response does not follow RFC 9113 section 8"])
  }

  @Test func aServerMayResetEachStreamOnce() throws {
    var limits = HTTP2Limits()
    limits.resets = .init(burst: 2, perSecond: 1)
    let listener = try Listener([.headers(1, [(":status", "401")]), .reset(1, 0), .reset(1, 0), .reset(1, 0)], limits: limits)
    #expect(listener.said == ["stream 1: 401 []", "stream 1: end"])
    listener.feed([.reset(1, 0)])
    #expect(listener.said.last == "\(HTTP2Error.tooManyResets)")
  }

  @Test func aServersFloodEndsTheConnection() throws {
    var limits = HTTP2Limits()
    limits.controlFrames = .init(burst: 10, perSecond: 1)
    let listener = try Listener(Array(repeating: .ping, count: 11), limits: limits)
    #expect(listener.said == ["\(HTTP2Error.tooManyControlFrames)"])
    #expect(!listener.session.canSubmit)
  }
}
