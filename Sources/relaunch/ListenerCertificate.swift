import Configuration
import FoundationEssentials
import OpenSSL
import Transport

/// The PEM files of a listener's TLS, as they were read.
struct ListenerCertificate: Equatable, Sendable {
  private let certificate: [UInt8]
  private let key: [UInt8]
  private let clientAuthorities: [UInt8]?

  init(_ settings: TLSSettings) throws {
    func bytes(_ path: String) throws -> [UInt8] {
      guard let data = FileManager.default.contents(atPath: path) else { throw WiringError("\(path) cannot be read") }
      return Array(data)
    }
    certificate = try bytes(settings.certificate)
    key = try bytes(settings.key)
    clientAuthorities = try settings.clientAuthorities.map(bytes)
  }

  /// - Throws: where the files do not make a certificate with its key.
  func context() throws -> TLSContext {
    try TLSContext.server(
      identity: TLSIdentity(certificateChainPEM: certificate, privateKeyPEM: key), applicationProtocols: ["h2", "http/1.1"],
      clientAuthorities: clientAuthorities)
  }

  /// What connections of the listener called `name` speak TLS with, and the files it comes from.
  static func load(_ settings: TLSSettings, of name: String) throws -> (tls: ServerTLS, files: FollowedFile<ListenerCertificate>)
  {
    do {
      let inForce = try ListenerCertificate(settings)
      let tls = ServerTLS(try inForce.context())
      let files = FollowedFile(
        name: "certificate of \(name)", inForce: inForce, read: { try ListenerCertificate(settings) },
        use: { tls.replace(by: try $0.context()) })
      return (tls, files)
    } catch {
      throw WiringError("listeners.\(name).tls: \(error)")
    }
  }
}
