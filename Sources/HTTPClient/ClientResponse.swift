package import HTTP

/// The final response to a `ClientRequest`, complete.
package struct ClientResponse: Sendable {
  package let status: HTTPStatus
  package let fields: HTTPFields
  package let content: [UInt8]

  package init(status: HTTPStatus, fields: HTTPFields = HTTPFields(), content: [UInt8] = []) {
    self.status = status
    self.fields = fields
    self.content = content
  }
}
