/// One response, RFC 9110 section 3.4.
package struct HTTPResponse: Equatable, Sendable {
  package var status: HTTPStatus
  package var fields: HTTPFields
  package var content: [UInt8]

  package init(_ status: HTTPStatus, fields: HTTPFields = HTTPFields(), content: [UInt8] = []) {
    self.status = status
    self.fields = fields
    self.content = content
  }

  /// A response whose content is `text`.
  package init(_ status: HTTPStatus, text: String, contentType: String = "text/plain; charset=utf-8") {
    self.init(status, fields: HTTPFields([(.contentType, contentType)]), content: Array(text.utf8))
  }
}
