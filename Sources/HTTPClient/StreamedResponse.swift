package import HTTP

/// The head of a response whose content comes in pieces.
package struct StreamedResponse: Sendable {
  package let status: HTTPStatus
  package let fields: HTTPFields
  package let content: ResponseContent
}
