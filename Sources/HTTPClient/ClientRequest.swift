package import HTTP

/// One request that `HTTPClient` is to send.
package struct ClientRequest: Sendable {
  package var method: HTTPMethod
  package var origin: Origin
  /// The request target in origin form: path and query, percent-encoded by the caller.
  package var target: String
  /// Fields besides `Host` and `Content-Length`, which the client writes itself.
  package var fields: HTTPFields
  package var content: [UInt8]
  /// A response with more content than this fails with `HTTPClientError.responseTooLarge`. In bytes.
  package var responseBytesLimit: Int

  package init(
    _ method: HTTPMethod, _ origin: Origin, _ target: String, fields: HTTPFields = HTTPFields(), content: [UInt8] = [],
    responseBytesLimit: Int = 4 << 20
  ) {
    self.method = method
    self.origin = origin
    self.target = target
    self.fields = fields
    self.content = content
    self.responseBytesLimit = responseBytesLimit
  }
}
