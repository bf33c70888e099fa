import FoundationEssentials

/// Where a request goes: scheme, host and port (RFC 6454).
package struct Origin: Hashable, Sendable, CustomStringConvertible {
  package let isSecure: Bool
  /// A DNS name in lower case or an IP address, IPv6 without brackets.
  package let host: String
  package let port: UInt16

  package init(isSecure: Bool, host: String, port: UInt16) {
    self.isSecure = isSecure
    self.host = host.lowercased()
    self.port = port
  }

  /// Splits `https://host:port/path?query` into the origin and the request target.
  /// - Returns: nil where `url` is not an absolute http or https URL, or carries user information.
  package static func parse(url: String) -> (origin: Origin, target: String)? {
    guard let parsed = URL(string: url), let scheme = parsed.scheme?.lowercased(), scheme == "https" || scheme == "http",
      let host = parsed.host(percentEncoded: false), !host.isEmpty, parsed.user() == nil
    else { return nil }
    let isSecure = scheme == "https"
    guard let port = UInt16(exactly: parsed.port ?? (isSecure ? 443 : 80)) else { return nil }
    let path = parsed.path(percentEncoded: true)
    let target = (path.isEmpty ? "/" : path) + (parsed.query(percentEncoded: true).map { "?" + $0 } ?? "")
    let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    return (Origin(isSecure: isSecure, host: bare, port: port), target)
  }

  /// The authority as the `Host` field has it: the port only where it is not the scheme's own, RFC 9110 section 4.2.3.
  package var authority: String {
    let name = host.contains(":") ? "[\(host)]" : host
    return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
  }

  package var description: String { "\(isSecure ? "https" : "http")://\(authority)" }
}
