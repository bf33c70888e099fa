import FoundationEssentials
import HTTP
import HTTPClient

/// Where notices go, and what proves that they come from us. The address alone may be all the proof there is, as with Slack's webhooks:
/// so nothing of it is ever shown.
package struct Destination: Sendable {
  package enum Address: Sendable {
    case url(String)
    /// A file with the URL; read for each message, so that it can be replaced.
    case file(String)
  }

  private let address: Address
  private let headersFile: String?
  private let tokenFile: String?

  /// - Parameters:
  ///   - headersFile: a file with a field a line, `Name: value`. Read for each message.
  ///   - tokenFile: a file with a bearer token. Read for each message.
  /// - Throws: where the URL is none. Files are judged when they are read.
  package init(_ address: Address, headersFile: String? = nil, tokenFile: String? = nil) throws(DestinationError) {
    if case .url(let url) = address, Origin.parse(url: url) == nil { throw .noURL(file: nil) }
    self.address = address
    self.headersFile = headersFile
    self.tokenFile = tokenFile
  }

  /// A POST of JSON. Blocks for the files.
  func request(_ content: [UInt8]) throws(DestinationError) -> ClientRequest {
    let (origin, target) = try resolve()
    var fields = HTTPFields([(.contentType, "application/json"), (.userAgent, "relaunch")])
    if let headersFile { for (name, value) in try Self.headers(headersFile) { fields.append(name, value) } }
    if let tokenFile { fields.append(.authorization, "Bearer \(try Self.text(tokenFile))") }
    return ClientRequest(.post, origin, target, fields: fields, content: content, responseBytesLimit: 64 << 10)
  }

  private func resolve() throws(DestinationError) -> (origin: Origin, target: String) {
    switch address {
    case .url(let url):
      guard let parsed = Origin.parse(url: url) else { throw .noURL(file: nil) }
      return parsed
    case .file(let path):
      guard let parsed = Origin.parse(url: try Self.text(path)) else { throw .noURL(file: path) }
      return parsed
    }
  }

  private static func headers(_ path: String) throws(DestinationError) -> [(name: FieldName, value: String)] {
    var fields: [(name: FieldName, value: String)] = []
    for line in try text(path).split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: ":", maxSplits: 1).map(trimmed)
      guard parts.count == 2, !parts[0].isEmpty, parts[0].utf8.allSatisfy(isToken) else { throw .noField(file: path) }
      fields.append((FieldName(parts[0]), parts[1]))
    }
    return fields
  }

  /// RFC 9110 section 5.6.2.
  private static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }

  /// The file's text without white space around it.
  private static func text(_ path: String) throws(DestinationError) -> String {
    guard let data = FileManager.default.contents(atPath: path) else { throw .unreadable(file: path) }
    return trimmed(String(decoding: data, as: UTF8.self)[...])
  }

  private static func trimmed(_ text: Substring) -> String {
    let start = text.drop { $0.isWhitespace }
    return String(start.reversed().drop { $0.isWhitespace }.reversed())
  }
}

extension Destination: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "(hidden)" }
  package var debugDescription: String { "(hidden)" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why there is nowhere to send to. Names files, and nothing that is in them.
package enum DestinationError: Error, Hashable, Sendable, CustomStringConvertible {
  case unreadable(file: String)
  /// What was configured, or what `file` holds, is no http or https URL.
  case noURL(file: String?)
  case noField(file: String)

  package var description: String {
    switch self {
    case .unreadable(let file): "\(file): cannot be read"
    case .noURL(nil): "it is no http or https URL"
    case .noURL(let file?): "\(file): holds no http or https URL"
    case .noField(let file): "\(file): a line is no field; write Name: value"
    }
  }
}
