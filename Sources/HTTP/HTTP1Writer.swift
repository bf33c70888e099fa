/// Writes HTTP/1.1 messages, RFC 9112.
package enum HTTP1Writer {
  /// Appends `response` to `output`. Content-Length is written here, from the content; Date, Connection and the framing fields are
  /// not to be among the response's own. A status that has no content (RFC 9110 section 6.4.1) is written without.
  /// - Parameters:
  ///   - date: the value of the Date field (RFC 9110 section 6.6.1).
  ///   - keepsAlive: false adds `Connection: close`.
  ///   - isHead: the request was HEAD: the length is that of the content, which is left out.
  package static func write(_ response: HTTPResponse, date: String, keepsAlive: Bool, isHead: Bool, to output: inout [UInt8]) {
    // Piece by piece: interpolation would make a string for each response.
    append("HTTP/1.1 ", to: &output)
    append(String(response.status.rawValue), to: &output)
    append(" ", to: &output)
    append(response.status.reason, to: &output)
    append("\r\ndate: ", to: &output)
    append(date, to: &output)
    append("\r\n", to: &output)
    response.fields.write(to: &output)
    let hasContent = response.status.allowsContent
    // RFC 9110 section 8.6: a 204 has no Content-Length.
    if hasContent { append("content-length: \(response.content.count)\r\n", to: &output) }
    if !keepsAlive { append("connection: close\r\n", to: &output) }
    append("\r\n", to: &output)
    if hasContent, !isHead { output.append(contentsOf: response.content) }
  }

  /// Appends a request to `output`, with Host, and with Content-Length where the method or the content asks for one. A byte of
  /// `target` that may not stand in one is percent-encoded, so that no name put into a path can end the request line.
  package static func write(
    _ method: HTTPMethod, target: String, authority: String, fields: HTTPFields, content: [UInt8], to output: inout [UInt8]
  ) {
    append("\(method.token) \(encoded(target)) HTTP/1.1\r\nhost: \(authority)\r\n", to: &output)
    fields.write(to: &output)
    if !content.isEmpty || method == .post || method == .put || method == .patch {
      append("content-length: \(content.count)\r\n", to: &output)
    }
    append("\r\n", to: &output)
    output.append(contentsOf: content)
  }

  /// The interim response that lets the client send its content, RFC 9110 section 15.2.1.
  package static func writeContinue(to output: inout [UInt8]) { append("HTTP/1.1 100 Continue\r\n\r\n", to: &output) }

  /// `target` with each byte that may not stand in one percent-encoded.
  package static func encoded(_ target: String) -> String {
    guard let first = target.utf8.firstIndex(where: { !isTargetByte($0) }) else { return target }
    return target.utf8[first...].reduce(into: String(target[..<first])) { text, byte in
      if isTargetByte(byte) {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        text += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
      }
    }
  }

  private static func isTargetByte(_ byte: UInt8) -> Bool { (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "#") }

  private static func append(_ text: String, to output: inout [UInt8]) { output.append(contentsOf: text.utf8) }
}
