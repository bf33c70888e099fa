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
  private let rawQuery: Substring

  init(_ request: HTTPRequest) {
    let accept = request.fields[.accept] ?? "*/*"
    let isCurl = request.fields[.userAgent]?.hasPrefix("curl/") ?? false
    wantsText = accept == "*/*" ? isCurl : accept.contains("text/plain") && !accept.contains("application/json")
    var query: [String: String] = [:]
    rawQuery = request.query ?? ""
    for pair in rawQuery.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { Self.decoded($0) }
      query[parts[0]] = parts.count == 2 ? parts[1] : ""
    }
    self.query = query
  }

  subscript(name: String) -> String? { query[name] }
  func int(_ name: String) -> Int? { query[name].flatMap { Int($0) } }

  /// The same query with `before` in place of the one it had.
  func query(before: Int) -> String {
    (rawQuery.split(separator: "&").filter { !$0.hasPrefix("before=") } + ["before=\(before)"]).joined(separator: "&")
  }

  func page(_ page: Page, status: HTTPStatus = .ok) -> HTTPResponse {
    wantsText
      ? HTTPResponse(status, text: page.text)
      : HTTPResponse(status, text: page.json.text(pretty: true) + "\n", contentType: "application/json")
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
