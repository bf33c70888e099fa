/// Where the bearer token of a call comes from.
package enum TokenSource: Hashable, Sendable {
  /// No token: a client certificate speaks for us, or the server asks for nothing.
  case none
  /// A token that never changes.
  case fixed(Secret)
  /// The file at `path`, which the kubelet or somebody else replaces before the token in it expires.
  case file(path: String)
}
