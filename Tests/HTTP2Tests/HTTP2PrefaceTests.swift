import HTTP2
import Testing

struct HTTP2PrefaceTests {
  private func verdict(on bytes: some Sequence<UInt8>) -> HTTP2Preface.Verdict {
    let bytes = Array(bytes)
    return HTTP2Preface.recognize(bytes.span)
  }

  @Test func isRecognizedByteByByte() {
    for count in 0..<24 { #expect(verdict(on: HTTP2Preface.bytes.prefix(count)) == .needsMore) }
    #expect(verdict(on: HTTP2Preface.bytes) == .http2)
    #expect(verdict(on: HTTP2Preface.bytes + [0]) == .http2)
  }

  @Test(arguments: ["G", "POST / HTTP/1.1\r\n", "PRI / HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\r", "\r\n"])
  func isNothingElse(_ text: String) { #expect(verdict(on: text.utf8) == .http1) }

  @Test func everyOtherByteDecides() {
    for index in HTTP2Preface.bytes.indices {
      var bytes = HTTP2Preface.bytes
      bytes[index] ^= 1
      #expect(verdict(on: bytes[...index]) == .http1)
    }
  }
}
