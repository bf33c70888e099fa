package import HTTPClient

/// Which API server to call and how to be believed there. A plain value: nothing is connected, and only a token file is read
/// again later.
package struct Credentials: Hashable, Sendable {
  /// The API server.
  package var origin: Origin
  /// What comes before `/api` and `/apis` in every path, without a slash at its end. Mostly empty; proxies like Rancher's have
  /// one.
  package var pathPrefix: String
  /// The PEM certificates that alone may vouch for the server; nil for the system's own.
  package var trust: [UInt8]?
  /// The name to ask for in TLS and to find in the server's certificate, where it is not the origin's host.
  package var serverName: String?
  /// What the API server is reached through, whatever the environment says; nil to go by that.
  package var proxy: Proxy?
  package var clientCertificate: ClientCertificate?
  package var token: TokenSource
  /// The namespace that is meant where none is named.
  package var namespace: String

  package init(
    origin: Origin, pathPrefix: String = "", trust: [UInt8]? = nil, serverName: String? = nil, proxy: Proxy? = nil,
    clientCertificate: ClientCertificate? = nil, token: TokenSource = .none, namespace: String = "default"
  ) {
    self.origin = origin
    self.pathPrefix = pathPrefix
    self.trust = trust
    self.serverName = serverName
    self.proxy = proxy
    self.clientCertificate = clientCertificate
    self.token = token
    self.namespace = namespace
  }
}
