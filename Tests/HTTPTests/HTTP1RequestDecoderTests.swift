import HTTP
import TestSupport
import Testing

struct HTTP1RequestDecoderTests {
  typealias Facts = HTTP1RequestDecoder.HeadFacts

  private static let plain = "GET /hello?a=b HTTP/1.1\r\nHost: www.example.com\r\nX:  spaced \t\r\n\r\n"
  private static let counted = "POST /push HTTP/1.1\r\nhost: a:8080\r\nCONTENT-LENGTH: 5\r\n\r\nhello"
  private static let chunked =
    "POST /c HTTP/1.1\r\nHost: [::1]:80\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n6;ext=\"v\"\r\n world\r\n0\r\nX-T: v\r\n\r\n"

  @Test func readsOneOfEachKind() {
    #expect(
      requests([Array(Self.plain.utf8)]) == [
        .head("GET", "/hello?a=b", Facts(contentLength: 0, expectsContinue: false, keepsAlive: true)),
        .request("GET", "/hello?a=b", ["host: www.example.com", "x: spaced"], ""),
      ])
    #expect(
      requests([Array(Self.counted.utf8)]) == [
        .head("POST", "/push", Facts(contentLength: 5, expectsContinue: false, keepsAlive: true)),
        .request("POST", "/push", ["host: a:8080", "content-length: 5"], "hello"),
      ])
    #expect(
      requests([Array(Self.chunked.utf8)]) == [
        .head("POST", "/c", Facts(contentLength: nil, expectsContinue: false, keepsAlive: true)),
        .request("POST", "/c", ["host: [::1]:80", "transfer-encoding: Chunked"], "hello world"),
      ])
  }

  @Test(arguments: [
    (plain + counted + chunked + plain), ("\r\n" + plain), ("\r\n\r\n" + plain), ("\n" + plain), (counted + "\r\n" + plain),
    (chunked + "garbage\r\n\r\n"), ("OPTIONS * HTTP/1.0\r\n\r\n"), ("GET HTTPS://example.com:443?x HTTP/1.1\r\nHost: e\r\n\r\n"),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX"),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n"),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999\r\n\r\n"),
  ])
  func saysTheSameHoweverTheBytesCome(_ input: String) {
    let bytes = Array(input.utf8)
    let whole = requests([bytes])
    #expect(!whole.isEmpty)
    #expect(requests(bytewise(bytes)) == whole)
    for _ in 0..<50 {
      var random = SplitMix()
      #expect(requests(split(bytes, &random)) == whole, "seed \(random.seed)")
    }
  }

  @Test(arguments: [
    ("HTTP/1.1\r\nHost: a\r\nConnection: close\r\n", false), ("HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE ,y\r\n", false),
    ("HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n", true), ("HTTP/1.0\r\nConnection: keep-alive\r\n", false),
    ("HTTP/1.1\r\nHost: a\r\n", true),
  ])
  func knowsWhetherTheConnectionStays(_ rest: String, _ keepsAlive: Bool) {
    let facts = Facts(contentLength: 0, expectsContinue: false, keepsAlive: keepsAlive)
    #expect(requests([Array("GET / \(rest)\r\n".utf8)]).first == .head("GET", "/", facts))
  }

  @Test(arguments: [
    ("http://example.com/a?b", "/a?b"), ("HTTP://example.com", "/"), ("https://[::1]:8443?q", "/?q"),
  ])
  func turnsAbsoluteFormIntoOriginForm(_ target: String, _ expected: String) {
    let facts = Facts(contentLength: 0, expectsContinue: false, keepsAlive: true)
    #expect(requests([Array("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n".utf8)]).first == .head("GET", expected, facts))
  }

  @Test func expectsContinueOnlyFromHTTP11() {
    func facts(_ version: String) -> Said? {
      requests([Array("PUT / HTTP/\(version)\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\n".utf8)]).first
    }
    #expect(facts("1.1") == .head("PUT", "/", Facts(contentLength: 3, expectsContinue: true, keepsAlive: true)))
    #expect(facts("1.0") == .head("PUT", "/", Facts(contentLength: 3, expectsContinue: false, keepsAlive: false)))
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "x: y\r\n", count: 3) + "\r\n", HTTP1Error.tooManyFields),
    ("GET /" + String(repeating: "a", count: 20) + " HTTP/1.1\r\nHost: a\r\n\r\n", .targetTooLong),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "a", count: 100), .headTooLarge),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n", .contentTooLarge),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello!\r\n5\r\n", .contentTooLarge),
  ])
  func refusesWhatPassesALimit(_ input: String, _ error: HTTP1Error) {
    let limits = HTTPLimits(headBytesLimit: 100, fieldCountLimit: 3, targetBytesLimit: 20, contentBytesLimit: 10)
    #expect(requests([Array(input.utf8)], limits: limits).last == .error(error))
    #expect(requests(bytewise(Array(input.utf8)), limits: limits).last == .error(error))
  }

  @Test func endlessChunkExtensionsAndTrailersAreRefused() {
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    #expect(requests([Array((head + "1;" + String(repeating: "x", count: 5000)).utf8)]).last == .error(.malformedChunk))
    let trailers = "0\r\n" + String(repeating: "a: b\r\n", count: 65) + "\r\n"
    #expect(requests([Array((head + trailers).utf8)]).last == .error(.tooManyFields))
  }

  @Test func passesOverOneEmptyLine() {
    #expect(requests([Array(("\r\n" + Self.plain).utf8)]) == requests([Array(Self.plain.utf8)]))
    #expect(requests([Array(("\r\n\r\n" + Self.plain).utf8)]) == [.error(.malformedStartLine)])
    #expect(requests([Array("INVALID CONNECTION PREFACE\r\n\r\n".utf8)]) == [.error(.notHTTP)])
    for line in ["BAD LINE", "GET CONNECTION PREFACE", "INVALID / PREFACE", "INVALID CONNECTION PREFACE/1"] {
      #expect(requests([Array("\(line)\r\n\r\n".utf8)]) == [.error(.malformedStartLine)], "\(line)")
    }
  }

  @Test func staysFailed() {
    var decoder = HTTP1RequestDecoder()
    decoder.receive(Array("BAD\r\n\r\n".utf8).span)
    #expect(throws: HTTP1Error.malformedStartLine) { try decoder.next() }
    decoder.receive(Array(Self.plain.utf8).span)
    #expect(throws: HTTP1Error.malformedStartLine) { try decoder.next() }
  }

  @Test func waitsForTheVerdictAndKnowsWhenItIsBetweenMessages() throws {
    var decoder = HTTP1RequestDecoder()
    #expect(decoder.isBetweenMessages)
    decoder.receive(Array(Self.counted.utf8).span)
    guard case .head = try decoder.next() else { return #expect(Bool(false), "no head") }
    guard case .needsMore = try decoder.next() else { return #expect(Bool(false), "went on without a verdict") }
    #expect(throws: HTTP1Error.contentTooLarge) { try decoder.acceptContent(limit: 4) }
    #expect(!decoder.isBetweenMessages)
  }

  /// Content that comes in small pieces must not be copied at each: that would let 256 KiB cost minutes.
  @Test func manySmallPiecesCostLittle() {
    let count = 256 << 10
    let head = Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\n\r\n".utf8)
    let said = requests([head] + Array(repeating: [0x61], count: count))
    #expect(said.count == 2)
  }
}
