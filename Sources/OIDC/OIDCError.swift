package import JOSE

/// Why a configuration of authentication cannot be used.
package enum OIDCError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A list is empty, or a number is out of its bounds.
  case policy(TokenPolicyError)
  /// The key set's address is no absolute URL.
  case keyURL(String)
  /// The key set's address is plain HTTP to another machine: whoever is on the way could hand us keys of their own.
  case plainKeyURL(String)
  /// The key set that stands in the configuration is no key set.
  case inlineKeys(JWKSetError)
  /// The key set's path is empty.
  case keyPath

  package var description: String {
    switch self {
    case .policy(let error): "authentication: \(error)"
    case .keyURL(let url):
      "authentication: keys: \(Self.quoted(url)) is not an absolute https URL without a password; give the one of the issuer's jwks_uri"
    case .plainKeyURL(let url):
      "authentication: keys: \(Self.quoted(url)) is plain HTTP to another machine, so anyone on the way could replace the keys; use https"
    case .inlineKeys(let error): "authentication: keys: \(error)"
    case .keyPath: "authentication: keys: the path of the key file is empty; name the file"
    }
  }

  /// User input for a message: cut, and without control characters and what may be a password.
  private static func quoted(_ text: String) -> String {
    let address = text.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
    let shown = address.unicodeScalars.prefix(200).map { $0.value < 0x20 || $0.value == 0x7f ? "?" : Character($0) }
    return "\"" + String(shown) + "\""
  }
}
