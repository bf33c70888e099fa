/// A field name, RFC 9110 section 5.1: compared without regard to case, kept in lower case.
package struct FieldName: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
  /// The name on the wire, in lower case.
  package let bytes: [UInt8]

  package init(_ name: String) { bytes = name.utf8.map(Self.lowercased) }
  package init(stringLiteral name: String) { self.init(name) }

  package var description: String { String(decoding: bytes, as: UTF8.self) }

  package static func lowercased(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte | 0x20 : byte }

  package static let accept: FieldName = "accept"
  package static let allow: FieldName = "allow"
  package static let authorization: FieldName = "authorization"
  package static let age: FieldName = "age"
  package static let cacheControl: FieldName = "cache-control"
  package static let connection: FieldName = "connection"
  package static let contentEncoding: FieldName = "content-encoding"
  package static let contentLength: FieldName = "content-length"
  package static let contentType: FieldName = "content-type"
  package static let date: FieldName = "date"
  package static let expect: FieldName = "expect"
  package static let host: FieldName = "host"
  package static let link: FieldName = "link"
  package static let origin: FieldName = "origin"
  package static let retryAfter: FieldName = "retry-after"
  package static let transferEncoding: FieldName = "transfer-encoding"
  package static let userAgent: FieldName = "user-agent"
  package static let wwwAuthenticate: FieldName = "www-authenticate"
}
