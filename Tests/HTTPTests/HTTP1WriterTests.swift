import HTTP
import Testing

struct HTTP1WriterTests {
  private func written(_ response: HTTPResponse, keepsAlive: Bool = true, isHead: Bool = false) -> String {
    var output: [UInt8] = []
    HTTP1Writer.write(response, date: "D", keepsAlive: keepsAlive, isHead: isHead, to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  @Test func writesResponses() {
    let text = HTTPResponse(.ok, text: "hi")
    let head = "HTTP/1.1 200 OK\r\ndate: D\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 2\r\n"
    #expect(written(text) == head + "\r\nhi")
    #expect(written(text, keepsAlive: false) == head + "connection: close\r\n\r\nhi")
    #expect(written(text, isHead: true) == head + "\r\n")
    #expect(written(HTTPResponse(.noContent)) == "HTTP/1.1 204 No Content\r\ndate: D\r\n\r\n")
    #expect(written(HTTPResponse(HTTPStatus(rawValue: 299))) == "HTTP/1.1 299 \r\ndate: D\r\ncontent-length: 0\r\n\r\n")
  }

  @Test(arguments: [204, 304]) func neverWritesContentWhereNoneIsRead(_ status: Int) {
    #expect(written(HTTPResponse(HTTPStatus(rawValue: status), content: [1, 2])).hasSuffix("date: D\r\n\r\n"))
  }

  @Test func noValueBeginsAnotherField() {
    let fields = HTTPFields([(.wwwAuthenticate, "a\r\nset-cookie: b\0")])
    #expect(written(HTTPResponse(.unauthorized, fields: fields)).contains("\r\nwww-authenticate: a  set-cookie: b \r\n"))
  }

  @Test(arguments: [
    ("/a?b=%20", "/a?b=%20"), ("/a b", "/a%20b"), ("/a HTTP/1.1\r\nX: é#", "/a%20HTTP/1.1%0D%0AX:%20%C3%A9%23"),
  ])
  func noTargetEndsTheRequestLine(_ target: String, _ expected: String) {
    var output: [UInt8] = []
    HTTP1Writer.write(.get, target: target, authority: "h", fields: HTTPFields(), content: [], to: &output)
    #expect(String(decoding: output, as: UTF8.self) == "GET \(expected) HTTP/1.1\r\nhost: h\r\n\r\n")
  }

  @Test(arguments: [(HTTPMethod.get, ""), (.post, "content-length: 0\r\n")])
  func writesContentLengthWhereItIsAsked(_ method: HTTPMethod, _ field: String) {
    var output: [UInt8] = []
    HTTP1Writer.write(method, target: "/", authority: "h", fields: HTTPFields([(.accept, "*/*")]), content: [], to: &output)
    #expect(String(decoding: output, as: UTF8.self) == "\(method.token) / HTTP/1.1\r\nhost: h\r\naccept: */*\r\n\(field)\r\n")
  }

  /// The three dates of RFC 9110 section 5.6.7 and its neighbours.
  @Test(arguments: [
    ("1994-11-06T08:49:37Z", Int64(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT"),
    ("1970-01-01T00:00:00Z", 0, "Thu, 01 Jan 1970 00:00:00 GMT"), ("1969-12-31T23:59:59Z", -1, "Wed, 31 Dec 1969 23:59:59 GMT"),
  ])
  func writesDates(_ timestamp: String, _ seconds: Int64, _ expected: String) {
    #expect(HTTPDate.text(timestamp: timestamp, seconds: seconds) == expected)
  }
}
