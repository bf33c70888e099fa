import Foundation
import Glibc
import OpenSSL
import TestSupport

/// A site whose push listener speaks TLS, with the authority that its certificates come from.
struct TLSSite {
  let site: Site
  let authority: SelfSignedAuthority

  init(_ change: (inout Site.Configuration) -> Void = { _ in }) throws {
    var configuration = Site.Configuration()
    configuration.push = "{address: 127.0.0.1, port: 0, tls: {certificate: server.pem, key: server.key}}"
    change(&configuration)
    site = try Site(configuration)
    authority = try SelfSignedAuthority()
    try site.directory.write(String(decoding: authority.certificatePEM, as: UTF8.self), to: "authority.pem")
    try install(issue())
  }

  func issue() throws -> TLSIdentity { try authority.issue(commonName: "server", names: ["IP:127.0.0.1"]) }

  /// Puts a certificate and its key where the server looks.
  func install(_ identity: TLSIdentity) throws {
    // As cert-manager does: each file is whole at every moment.
    for (name, bytes) in [("server.key", identity.privateKeyPEM), ("server.pem", identity.certificateChainPEM)] {
      try site.directory.write(String(decoding: bytes, as: UTF8.self), to: "new")
      _ = unsafe rename("\(site.path)/new", "\(site.path)/\(name)")
    }
  }

  /// What a client trusts, and speaks.
  func client(_ protocols: [String] = [], identity: TLSIdentity? = nil) throws -> TLSContext {
    try TLSContext.client(
      trust: .authorities(pem: authority.certificatePEM), identity: identity, applicationProtocols: protocols)
  }
}
