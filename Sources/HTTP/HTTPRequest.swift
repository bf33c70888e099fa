/// One request as a server receives it, RFC 9110 section 3.4.
package struct HTTPRequest: Sendable {
  package var method: HTTPMethod
  /// The request target as it came: origin form unless the method is OPTIONS or CONNECT.
  package var target: String
  package var fields: HTTPFields
  /// The content, complete. Empty where the request has none.
  package var content: [UInt8]

  package init(method: HTTPMethod, target: String, fields: HTTPFields = HTTPFields(), content: [UInt8] = []) {
    self.method = method
    self.target = target
    self.fields = fields
    self.content = content
  }

  /// The target without its query. Nothing is percent-decoded: a path that needs it names none of our resources.
  package var path: Substring { target.prefix { $0 != "?" } }

  /// What follows the first `?` of the target; nil where there is none.
  package var query: Substring? {
    target.firstIndex(of: "?").map { target[target.index(after: $0)...] }
  }
}
