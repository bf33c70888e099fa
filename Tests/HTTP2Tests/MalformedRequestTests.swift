import HTTP
import HTTP2
import Testing

/// RFC 9113 section 8: what is malformed is reset with PROTOCOL_ERROR, and the connection goes on.
struct MalformedRequestTests {
  private static let get = (":method", "GET")
  private static let http = (":scheme", "http")
  private static let host = (":authority", "example.com")
  private static let root = (":path", "/")

  @Test(arguments: [
    ("no :method", [http, host, root]), ("no :scheme", [get, host, root]), ("no :path", [get, http, host]),
    ("no :authority and no host", [get, http, root]), ("two :method", [get, get, http, host, root]),
    ("two :path", fields("GET", "/", [(":path", "/x")])), ("empty :path", [get, http, host, (":path", "")]),
    ("empty :method", [(":method", ""), http, host, root]), ("method with a space", [(":method", "G T"), http, host, root]),
    ("method of 25 bytes", [(":method", String(repeating: "A", count: 25)), http, host, root]),
    ("pseudo-field after a field", [get, http, host, ("a", "b"), root]),
    ("unknown pseudo-field", fields("GET", "/", [(":foo", "x")])),
    ("pseudo-field of responses", fields("GET", "/", [(":status", "200")])),
    ("scheme ftp", [get, (":scheme", "ftp"), host, root]), ("empty scheme", [get, (":scheme", ""), host, root]),
    ("absolute target", fields("GET", "http://example.com/")), ("target without slash", fields("GET", "index")),
    ("* for GET", fields("GET", "*")), ("target with a space", fields("GET", "/a b")),
    ("target with a fragment", fields("GET", "/a#b")),
    ("target beyond ASCII", fields("GET", "/\u{e4}")), ("target with a NUL", fields("GET", "/\0")),
    ("CONNECT", [(":method", "CONNECT"), host]), ("CONNECT with a path", fields("CONNECT")),
    ("extended CONNECT", fields("CONNECT", "/", [(":protocol", "websocket")])),
    ("authority with user", [get, http, (":authority", "u@example.com"), root]),
    ("authority with a slash", [get, http, (":authority", "example.com/x"), root]),
    ("host differs", fields("GET", "/", [("host", "evil.example")])),
    ("host with a port more", fields("GET", "/", [("host", "example.com:80")])),
    ("two hosts", [get, http, root, ("host", "example.com"), ("host", "example.com")]),
    ("upper-case name", fields("GET", "/", [("X", "y")])), ("empty name", fields("GET", "/", [("", "y")])),
    ("colon in a name", fields("GET", "/", [("a:b", "y")])), ("space in a name", fields("GET", "/", [("a b", "y")])),
    ("space after a name", fields("GET", "/", [("a ", "y")])),
    ("connection", fields("GET", "/", [("connection", "close")])), ("keep-alive", fields("GET", "/", [("keep-alive", "1")])),
    ("proxy-connection", fields("GET", "/", [("proxy-connection", "close")])),
    ("upgrade", fields("GET", "/", [("upgrade", "h2c")])),
    ("transfer-encoding", fields("GET", "/", [("transfer-encoding", "chunked")])),
    ("te gzip", fields("GET", "/", [("te", "gzip")])),
    ("NUL in a value", fields("GET", "/", [("a", "b\0c")])), ("LF in a value", fields("GET", "/", [("a", "b\nc")])),
    ("CR in a value", fields("GET", "/", [("a", "b\rc")])), ("DEL in a value", fields("GET", "/", [("a", "b\u{7f}c")])),
    ("space before a value", fields("GET", "/", [("a", " b")])), ("tab after a value", fields("GET", "/", [("a", "b\t")])),
    ("content-length of nothing", fields("GET", "/", [("content-length", "5")])),
    ("two content-lengths", fields("GET", "/", [("content-length", "0"), ("content-length", "0")])),
    ("signed content-length", fields("GET", "/", [("content-length", "+0")])),
    ("listed content-length", fields("GET", "/", [("content-length", "0, 0")])),
    ("content-length of 16 digits", fields("GET", "/", [("content-length", "0000000000000000")])),
    ("empty content-length", fields("GET", "/", [("content-length", "")])),
  ])
  func isReset(_ what: String, _ fields: [(String, String)]) throws {
    let conversation = try Conversation()
    conversation.feed(.headers(1, fields), .headers(3, HTTP2Tests.fields()))
    #expect(conversation.said.first == .rejected(.malformed))
    #expect(conversation.resets.map { [$0.stream, $0.number(at: 0)] } == [[1, 1]])
    #expect(conversation.said.last == .ended(3, .answered), "the connection does not go on")
  }

  @Test(arguments: [
    ("OPTIONS", "*"), ("GET", "/"), ("GET", "/a?b=c&d"), ("OPTIONS", "/x"), ("POST", "/"), ("PROPFIND", "/"),
  ])
  func whatIsNotIsRead(_ method: String, _ target: String) throws {
    let conversation = try Conversation()
    conversation.feed(
      .headers(1, fields(method, target, [("te", "trailers"), ("host", "EXAMPLE.com"), ("content-length", "0")])))
    #expect(
      conversation.said == [
        .head(
          1, method, target, ["host: example.com", "te: trailers", "content-length: 0"],
          .init(contentLength: 0, expectsContinue: false)),
        .request(1, 0), .ended(1, .answered),
      ])
  }

  @Test func hostAloneIsEnough() throws {
    let conversation = try Conversation()
    conversation.feed(.headers(1, [Self.get, Self.http, Self.root, ("host", "example.com")]))
    #expect(
      conversation.said.first
        == .head(1, "GET", "/", ["host: example.com"], .init(contentLength: 0, expectsContinue: false)))
  }

  @Test(arguments: [
    [RawFrame.data(1, 4, ends: true)], [.data(1, 6)], [.data(1, 3), .data(1, 3, ends: true)],
    [.data(1, 3), .headers(1, [("t", "v")])],
  ])
  func contentThatIsNotAsLongAsItSaysIsReset(_ frames: [RawFrame]) throws {
    let conversation = try Conversation()
    conversation.feed([.headers(1, fields("POST", "/", [("content-length", "5")]), ends: false)] + frames)
    #expect(conversation.said.dropFirst() == [.ended(1, .reset(.protocolError))])
  }

  @Test(arguments: [
    RawFrame.headers(1, [("a", "b")], ends: false), .headers(1, [(":path", "/")]), .headers(1, [("A", "b")]),
    .headers(1, [("connection", "close")]),
  ])
  func malformedTrailersAreReset(_ trailers: RawFrame) throws {
    let conversation = try Conversation()
    conversation.feed(.headers(1, fields("POST"), ends: false), .data(1, 5), trailers)
    #expect(conversation.said.last == .ended(1, .reset(.protocolError)))
  }
}
