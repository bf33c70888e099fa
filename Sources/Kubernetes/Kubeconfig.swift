import FoundationEssentials
import HTTPClient
package import JSON

/// Kubeconfig files as kubectl reads them: the first file that has an entry of a name wins.
package struct Kubeconfig: Sendable {
  /// A file and the document in it.
  package typealias File = (path: String, document: JSONValue)

  private let files: [File]
  private let source: FileSource

  package init(_ files: [File], source: FileSource = .disk) {
    self.files = files
    self.source = source
  }

  /// The credentials of the context called `context`, or of the current one.
  package func credentials(context: String? = nil) throws(CredentialsError) -> Credentials {
    let name: String
    if let context { name = context } else { name = try currentContext() }
    let chosen = try entry("context", named: name, wantedBy: "the current context")
    guard let clusterName = chosen.text("cluster") else {
      throw chosen.error("cluster", "is missing", fix: "name one of the clusters")
    }
    let cluster = try entry("cluster", named: clusterName, wantedBy: "context \(name.quoted(limit: 80))")
    let user = try chosen.text("user").map { user throws(CredentialsError) in
      try entry("user", named: user, wantedBy: "context \(name.quoted(limit: 80))")
    }
    var credentials = try server(of: cluster)
    if let user { try authenticate(&credentials, as: user) }
    if let namespace = chosen.text("namespace") { credentials.namespace = namespace }
    return credentials
  }

  private func currentContext() throws(CredentialsError) -> String {
    for file in files {
      if let name = file.document["current-context"]?.string, !name.isEmpty { return name }
    }
    throw .field(
      file: paths, field: "current-context", problem: "is not set",
      fix: "set it (kubectl config use-context NAME) or name a context")
  }

  private var paths: String { files.map(\.path).joined(separator: ":") }

  /// The entry called `name` of the list `contexts`, `clusters` or `users`.
  private func entry(_ kind: String, named name: String, wantedBy wanter: String) throws(CredentialsError) -> KubeconfigEntry {
    for file in files {
      for item in file.document[kind + "s"]?.array ?? [] where item["name"]?.string == name {
        return KubeconfigEntry(file: file.path, kind: kind, name: name, value: item[kind] ?? [:], source: source)
      }
    }
    let names = files.flatMap { $0.document[kind + "s"]?.array ?? [] }.compactMap { $0["name"]?.string }
    throw .field(
      file: paths, field: kind + "s", problem: "has no \(name.quoted(limit: 80)), which \(wanter) names",
      fix: names.isEmpty ? "add it" : "it has \(names.prefix(8).map { $0.quoted(limit: 80) }.joined(separator: ", "))")
  }

  private func server(of cluster: KubeconfigEntry) throws(CredentialsError) -> Credentials {
    guard let url = cluster.text("server") else {
      throw cluster.error("server", "is missing", fix: "write the API server's URL, https://HOST:PORT")
    }
    guard let (origin, target) = Origin.parse(url: url), !target.contains("?") else {
      throw cluster.error("server", "\(url.quoted(limit: 200)) is not a URL we can call", fix: "write https://HOST:PORT")
    }
    guard origin.isSecure || Self.isLoopback(origin.host) else {
      throw cluster.error(
        "server", "is plain http to another machine", fix: "write https://, the token would be readable on the way")
    }
    if cluster.isSet("insecure-skip-tls-verify") {
      throw cluster.error(
        "insecure-skip-tls-verify", "would hand our token to anyone who answers",
        fix: "remove it and give the cluster's CA in certificate-authority, or the certificate's name in tls-server-name")
    }
    let proxy = try cluster.text("proxy-url").map { url throws(CredentialsError) in
      do throws(ProxyError) { return try Proxy(url: url) } catch {
        throw cluster.error("proxy-url", "\(error)", fix: ProxyError.advice)
      }
    }
    var prefix = Substring(target)
    while prefix.hasSuffix("/") { prefix.removeLast() }
    let authority = try cluster.content("certificate-authority")
    return Credentials(
      origin: origin, pathPrefix: String(prefix),
      trust: try authority.map { found throws(CredentialsError) in
        try Self.certificates(found.bytes, file: found.file, field: found.field)
      },
      serverName: cluster.text("tls-server-name"), proxy: proxy)
  }

  private func authenticate(_ credentials: inout Credentials, as user: KubeconfigEntry) throws(CredentialsError) {
    let advice =
      "give this user a token instead: `kubectl create token SERVICEACCOUNT` prints one, for the field token or a tokenFile"
    for field in ["exec", "auth-provider"] where user.value[field] != nil && user.value[field] != .null {
      throw user.error(field, "asks us to run a program or a login flow, which a server must not", fix: advice)
    }
    for field in ["username", "password"] where user.text(field) != nil {
      throw user.error(field, "is basic authentication, which API servers dropped in 1.19", fix: advice)
    }
    for field in ["as", "as-uid", "as-groups", "as-user-extra"] where user.value[field] != nil {
      throw user.error(field, "asks to impersonate, which is not supported", fix: "bind the rights to this user itself")
    }
    if let certificate = try user.content("client-certificate") {
      guard let key = try user.content("client-key") else {
        throw user.error("client-key", "is missing beside client-certificate", fix: "add client-key or client-key-data")
      }
      credentials.clientCertificate = ClientCertificate(
        certificate: try Self.certificates(certificate.bytes, file: certificate.file, field: certificate.field),
        key: Secret(key.bytes))
    }
    // As in client-go, the file comes before the token that is written beside it.
    if let path = user.path("tokenFile") {
      _ = try TokenCache.token(in: try source.read(path), file: path)
      credentials.token = .file(path: path)
    } else if let token = user.text("token") {
      do throws(CredentialsError) {
        credentials.token = .fixed(try TokenCache.token(in: Array(token.utf8), file: user.file))
      } catch {
        throw user.error("token", "holds a character that no bearer token has", fix: "write the token alone, on one line")
      }
    }
  }

  /// `bytes`, which must hold a PEM certificate.
  static func certificates(_ bytes: [UInt8], file: String, field: String) throws(CredentialsError) -> [UInt8] {
    guard String(decoding: bytes, as: UTF8.self).contains("-----BEGIN CERTIFICATE-----") else {
      throw .field(
        file: file, field: field, problem: "holds no PEM certificate", fix: "give a file that has BEGIN CERTIFICATE lines")
    }
    return bytes
  }

  private static func isLoopback(_ host: String) -> Bool {
    host == "localhost" || host == "::1" || (host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." })
  }
}
