import HTTP

/// The head of a request as its fields come, RFC 9113 section 8.3.1.
///
/// The library has checked what it knows to be malformed: the order, number and names of pseudo-header fields, lower-case names, fields
/// of HTTP/1.1 connections, control characters, white space at the ends of values. What is here is what it lets pass.
struct RequestHead {
  enum Verdict {
    case fine
    /// RFC 9113 section 8.1.1: the stream is reset.
    case malformed
    /// So far over a limit that it is not worth an answer.
    case abusive
  }

  private static let hundredContinue: FieldName = "100-continue"
  private static let http = Array("http".utf8)
  private static let https = Array("https".utf8)

  private var method: HTTPMethod?
  private var target: String?
  private var host: [UInt8]?
  private var fields = HTTPFields()
  private var fieldCount = 0
  private var sectionBytes = 0
  /// What the request is answered with, if anything stands against it.
  private(set) var error: HTTP2RequestError?

  mutating func append(
    _ name: Span<UInt8>, _ value: Span<UInt8>, _ http: HTTPLimits, fieldSectionBytesLimit: Int
  ) -> Verdict {
    sectionBytes += name.count + value.count + 32
    if sectionBytes > fieldSectionBytesLimit {
      error = error ?? .headTooLarge
      // One byte can stand for kilobytes (RFC 7541 section 7.3), and each of them would be looked at.
      return sectionBytes > 4 * fieldSectionBytesLimit ? .abusive : .fine
    }
    guard !name.isEmpty, HTTP1Syntax.isFieldContent(value) else { return .malformed }
    if name[0] == UInt8(ascii: ":") { return appendPseudo(name, value, http) }
    fieldCount += 1
    guard fieldCount <= http.fieldCountLimit else {
      error = error ?? .tooManyFields
      return .fine
    }
    return appendRegular(name, value)
  }

  private mutating func appendPseudo(_ name: Span<UInt8>, _ value: Span<UInt8>, _ http: HTTPLimits) -> Verdict {
    switch name.count {
    case 5:  // ":path"
      guard value.count <= http.targetBytesLimit else {
        error = error ?? .targetTooLong
        return .fine
      }
      for index in value.indices where !(0x21...0x7E).contains(value[index]) || value[index] == UInt8(ascii: "#") {
        return .malformed
      }
      target = Self.text(value)
    case 7 where name[1] == UInt8(ascii: "m"):  // ":method"
      guard value.count <= 24 else { return .malformed }
      method = HTTPMethod(Self.text(value))
    case 7:  // ":scheme". The library takes any; but then it would take any target, too.
      guard Self.isEqual(value, Self.http) || Self.isEqual(value, Self.https) else { return .malformed }
    default:  // ":authority": the host, for whoever is served over HTTP/1.1 as well.
      let authority = Self.bytes(value)
      guard HTTP1Syntax.isHost(authority[...]) else { return .malformed }
      host = authority
      let name = FieldName.host.bytes
      fields.append(checkedName: name.span, value: value)
    }
    return .fine
  }

  private mutating func appendRegular(_ name: Span<UInt8>, _ value: Span<UInt8>) -> Verdict {
    if Self.isEqual(name, FieldName.host.bytes) {
      // RFC 9113 section 8.3.1: both must mean the same. One who looks at the one and one who looks at the other would otherwise
      // serve different hosts.
      if let host { return Self.isEqual(value, host) ? .fine : .malformed }
      guard HTTP1Syntax.isHost(Self.bytes(value)[...]) else { return .malformed }
    } else if Self.isEqual(name, FieldName.contentLength.bytes) {
      guard HTTP1Syntax.decimal(Self.bytes(value)[...]) != nil else { return .malformed }
    }
    fields.append(checkedName: name, value: value)
    return .fine
  }

  /// The request; nil where it is malformed after all. Meaningless where `error` says that it was not read whole.
  func request() -> HTTPRequest? {
    guard let method, let target, method != .other("CONNECT") else { return nil }
    guard target.hasPrefix("/") || (method == .options && target == "*") else { return nil }
    return HTTPRequest(method: method, target: target, fields: fields)
  }

  var contentLength: Int? { fields.bytes(of: .contentLength).flatMap(HTTP1Syntax.decimal) }

  /// The client waits for `100 Continue`, RFC 9110 section 10.1.1.
  var expectsContinue: Bool { fields.lists(Self.hundredContinue, in: .expect) }

  /// Known also where the rest of the head was not read: the answer to HEAD has no content.
  var isHead: Bool { method == .head }

  private static func bytes(_ span: Span<UInt8>) -> [UInt8] { unsafe span.withUnsafeBufferPointer { unsafe Array($0) } }

  private static func text(_ span: Span<UInt8>) -> String {
    unsafe span.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
  }

  /// Whether the two are equal but for case; `right` may be in any.
  private static func isEqual(_ left: Span<UInt8>, _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    for index in left.indices where FieldName.lowercased(left[index]) != FieldName.lowercased(right[index]) { return false }
    return true
  }
}
