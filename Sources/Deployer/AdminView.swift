import HTTP
import JSON

/// How one request to the admin listener wants its answer, and its query.
struct AdminView {
  struct Page {
    let json: JSONValue
    let text: String
  }

  private let wantsText: Bool
  private let query: [String: String]
  /// The names of the query in order, as often as they stand there.
  private let names: [String]
  private let rawPath: String
  private let rawQuery: Substring

  init(_ request: HTTPRequest) {
    let accept = request.fields[.accept] ?? "*/*"
    let isCurl = request.fields[.userAgent]?.hasPrefix("curl/") ?? false
    wantsText = accept == "*/*" ? isCurl : accept.contains("text/plain") && !accept.contains("application/json")
    var query: [String: String] = [:]
    var names: [String] = []
    rawPath = String(request.path)
    rawQuery = request.query ?? ""
    for pair in rawQuery.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { Self.decoded($0) }
      query[parts[0]] = parts.count == 2 ? parts[1] : ""
      names.append(parts[0])
    }
    self.query = query
    self.names = names
  }

  subscript(name: String) -> String? { query[name] }

  /// The request's own path and query, with `name=value` in place of what it said for that name. `value` needs no encoding.
  func path(with name: String, _ value: String) -> String {
    let rest = rawQuery.split(separator: "&").filter { !$0.hasPrefix("\(name)=") }
    return "\(rawPath)?\((rest + ["\(name)=\(value)"]).joined(separator: "&"))"
  }

  // MARK: Strict reading

  /// Refuses words that are not among `known`, and words that come twice.
  func check(_ known: [String]) throws(QueryError) {
    var seen: Set<String> = []
    for name in names {
      guard known.contains(name) else {
        throw QueryError(
          "\(name): there is no such word here; there are \(known.isEmpty ? "none" : known.joined(separator: ", "))")
      }
      guard seen.insert(name).inserted else { throw QueryError("\(name): stands there twice") }
    }
  }

  /// An empty value is refused: it may be a variable that was never set, and would match everything.
  func text(_ name: String) throws(QueryError) -> String? {
    guard let text = query[name] else { return nil }
    guard !text.isEmpty else { throw QueryError("\(name): is empty") }
    return text
  }

  func number(_ name: String, in range: ClosedRange<Int>) throws(QueryError) -> Int? {
    guard let text = try text(name) else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw QueryError("\(name): must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  // MARK: Answers

  /// - Parameter next: where the next page is, for a `Link` field (RFC 8288), which text and JSON have in common.
  func page(_ page: Page, status: HTTPStatus = .ok, next: String? = nil) -> HTTPResponse {
    var response =
      wantsText
      ? HTTPResponse(status, text: page.text)
      : HTTPResponse(status, text: page.json.text(pretty: true) + "\n", contentType: "application/json")
    if let next { response.fields.append(.link, "<\(next)>; rel=\"next\"") }
    return response
  }

  func problem(_ status: HTTPStatus, _ text: String) -> HTTPResponse {
    page(Page(json: ["error": .string(text)], text: "\(TextTable.plain(text))\n"), status: status)
  }

  func notAllowed(_ methods: String) -> HTTPResponse {
    var response = problem(.methodNotAllowed, "use \(methods)")
    response.fields.append(.allow, methods)
    return response
  }

  /// Undoes percent-encoding; what is not valid stays as it is.
  private static func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest.removeFirst(2)
      } else {
        bytes.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
