import FoundationEssentials
import HTTP

/// An HTTP proxy: where it is, and what it is told about us. Its description says nothing of the password.
package struct Proxy: Hashable, Sendable, CustomStringConvertible {
  let host: String
  let port: UInt16
  /// `user:password`.
  private let credentials: String?

  /// Reads `http://[USER[:PASSWORD]@]HOST[:PORT]`; the scheme may be missing, and the port is then 80 as it is else.
  package init(url: String) throws(ProxyError) {
    let text = url.contains("://") ? url : "http://" + url
    guard let parsed = URL(string: text), let scheme = parsed.scheme?.lowercased() else { throw .malformed }
    guard scheme == "http" else { throw .scheme(scheme) }
    guard let host = parsed.host(percentEncoded: false), !host.isEmpty, let port = UInt16(exactly: parsed.port ?? 80), port > 0
    else { throw .malformed }
    self.host = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    self.port = port
    credentials = parsed.user(percentEncoded: false).map { $0 + ":" + (parsed.password(percentEncoded: false) ?? "") }
  }

  /// The value of Proxy-Authorization (RFC 7617); nil for a proxy that is given no credentials.
  var authorization: String? { credentials.map { "Basic " + Data($0.utf8).base64EncodedString() } }

  package var description: String { "http://\(host.contains(":") ? "[\(host)]" : host):\(port)" }
}

/// Why a text names no proxy that we can use. It does not repeat the text, which may hold a password.
package enum ProxyError: Error, Hashable, Sendable, CustomStringConvertible {
  case malformed
  /// Only `http` is spoken with proxies.
  case scheme(String)

  package var description: String {
    switch self {
    case .malformed: "is not the URL of a proxy"
    case .scheme(let scheme): "names a proxy of the kind \(scheme), and only http is supported"
    }
  }

  /// What to do about it.
  package static let advice = "write http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT with special characters percent-encoded"
}
