/// The first bytes of a client's connection, RFC 9113 section 3.4, chosen so that no HTTP/1.1 server takes them for a request.
package enum HTTP2Preface {
  package enum Verdict: Hashable, Sendable {
    case http2
    case http1
    /// All bytes so far could be the preface's.
    case needsMore
  }

  package static let bytes = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

  /// Tells the two apart on a port without TLS, where a client of HTTP/2 begins with the preface (prior knowledge, RFC 9113 section
  /// 3.3). Pure: give it all bytes that have come, from the first.
  package static func recognize(_ start: Span<UInt8>) -> Verdict {
    let count = min(start.count, bytes.count)
    for index in 0..<count where start[index] != bytes[index] { return .http1 }
    return count == bytes.count ? .http2 : .needsMore
  }
}
