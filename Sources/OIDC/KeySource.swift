/// Where the keys of an issuer come from.
package enum KeySource: Hashable, Sendable {
  /// An `https` URL of a JWK set; `http` on this machine only.
  case url(String)
  /// The path of a JWK set, which is read again when the file changes.
  case file(String)
  /// The text of a JWK set.
  case inline([UInt8])

  /// How long an unknown key ID must wait after the last load that one asked for. nil: it never asks, as the keys cannot change.
  ///
  /// For an URL this is what keeps a flood of invented key IDs from becoming a flood on the issuer.
  var demandInterval: Duration? {
    switch self {
    case .url: .seconds(30)
    case .file: .seconds(1)
    case .inline: nil
    }
  }

  /// How long after a failure the next load follows; nil: ever longer. Looking at a file burdens nobody.
  var retryInterval: Duration? {
    switch self {
    case .file: KeyFile.interval
    case .url, .inline: nil
    }
  }
}
