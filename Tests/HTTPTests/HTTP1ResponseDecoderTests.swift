import HTTP
import Testing

struct HTTP1ResponseDecoderTests {
  @Test(arguments: [
    ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", HTTPMethod.get, 200, "hi", true),
    ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", .head, 200, "", true),
    ("HTTP/1.1 204\r\n\r\n", .get, 204, "", true),
    ("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", .get, 304, "", true),
    (
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
      .post, 201, "", true
    ),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", .get, 200, "abc", true),
    ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", .get, 200, "", false),
    ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", .get, 200, "x", false),
    ("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nx", .get, 200, "x", true),
  ])
  func readsFinalResponses(_ input: String, _ method: HTTPMethod, _ status: Int, _ content: String, _ keepsAlive: Bool) {
    for pieces in [[Array(input.utf8)], bytewise(Array(input.utf8))] {
      let said = responses(pieces, to: [method])
      guard case .response(status, _, content, keepsAlive) = said.first, said.count == 1 else {
        Issue.record("\(said)")
        return
      }
    }
  }

  @Test func readsUntilTheEndOfTheConnection() {
    let input = Array("HTTP/1.1 200 OK\r\nServer: x\r\n\r\nall of it".utf8)
    #expect(responses([input], ends: true) == [.response(200, ["server: x"], "all of it", keepsAlive: false)])
    #expect(responses(bytewise(input), ends: true) == [.response(200, ["server: x"], "all of it", keepsAlive: false)])
    #expect(responses([input], ends: true, contentLimit: 8) == [.error(.contentTooLarge)])
  }

  @Test(arguments: [
    ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", HTTP1Error.truncated), ("", .truncated),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", .truncated),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", .ambiguousFraming),
    ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n", .malformedContentLength),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", .unknownTransferCoding),
    ("HTTP/2 200 OK\r\n\r\n", .malformedStartLine),
    ("HTTP/1.1 2000 OK\r\n\r\n", .malformedStartLine), ("HTTP/1.1 101 Switching\r\n\r\n", .malformedStartLine),
    ("HTTP/1.1 200 OK\nX: y\r\n\r\n", .bareLineFeed), ("\r\nHTTP/1.1 200 OK\r\n\r\n", .malformedStartLine),
  ])
  func refuses(_ input: String, _ error: HTTP1Error) {
    #expect(responses([Array(input.utf8)], ends: true) == [.error(error)])
    #expect(responses(bytewise(Array(input.utf8)), ends: true) == [.error(error)])
  }

  @Test func givesPartsToWhoDoesNotWait() throws {
    var decoder = HTTP1ResponseDecoder()
    // Less than the whole: what was taken counts no more.
    decoder.expectResponse(to: .get, contentBytesLimit: 4)
    #expect(decoder.takePart() == nil)
    func feed(_ text: String) throws -> HTTP1ResponseDecoder.Step {
      decoder.receive(Array(text.utf8).span)
      return try decoder.next()
    }
    _ = try feed("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    #expect(decoder.takePart()?.content.isEmpty == true)
    for _ in 0..<3 {
      _ = try feed("3\r\nabc\r\n")
      #expect(decoder.takePart()?.content == Array("abc".utf8))
    }
    guard case .response(let rest, keepsAlive: true) = try feed("1\r\nd\r\n0\r\n\r\n") else {
      Issue.record("the response is complete")
      return
    }
    #expect(rest.status == .ok && rest.content == Array("d".utf8))
  }

  @Test func readsOneResponseAfterTheOther() {
    let one = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"
    #expect(
      responses([Array((one + "a").utf8), Array((one + "b").utf8)], to: [.get, .post]) == [
        .response(200, ["content-length: 1"], "a", keepsAlive: true),
        .response(200, ["content-length: 1"], "b", keepsAlive: true),
      ])
  }

  @Test func unaskedBytesMakeTheConnectionUseless() {
    let input = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP"
    #expect(responses([Array(input.utf8)]) == [.response(200, ["content-length: 1"], "a", keepsAlive: false)])
  }
}
