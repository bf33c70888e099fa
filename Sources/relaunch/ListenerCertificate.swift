import Configuration
import FoundationEssentials
import Logging
import OpenSSL
import Transport

/// The certificate and key of one listener, taken from files and followed as these change: cert-manager and the kubelet replace them while
/// the server runs.
struct ListenerCertificate: Sendable {
  private struct Files: Equatable, Sendable {
    let certificate: [UInt8]
    let key: [UInt8]
    let clientAuthorities: [UInt8]?
  }

  /// How long a change may go unseen.
  private static let interval = Duration.seconds(1)

  let tls: ServerTLS
  private let name: String
  private let settings: TLSSettings
  private let inForce: Files

  /// - Parameter name: the listener's.
  /// - Throws: a `WiringError` that says which file cannot be used, and why.
  init(_ settings: TLSSettings, of name: String) throws {
    self.settings = settings
    self.name = name
    do {
      inForce = try Self.read(settings)
      tls = ServerTLS(try Self.context(inForce))
    } catch {
      throw WiringError("listeners.\(name).tls: \(error)")
    }
  }

  /// Follows the files until it is cancelled. What cannot be used is reported once, and the last good pair stays.
  func follow(_ logger: Logger) async {
    var seen = inForce
    var fault = ""
    while !Task.isCancelled {
      do { try await Task.sleep(for: Self.interval) } catch { return }
      do {
        let files = try Self.read(settings)
        guard files != seen else { continue }
        // A certificate that is written before its key belongs to the old one for a moment.
        seen = files
        tls.replace(by: try Self.context(files))
        fault = ""
        logger.info("certificate replaced", metadata: ["listener": .string(name), "file": .string(settings.certificate)])
      } catch {
        guard "\(error)" != fault else { continue }
        fault = "\(error)"
        logger.error(
          "certificate not replaced",
          metadata: ["listener": .string(name), "error": .string(fault), "consequence": "the last good one stays"])
      }
    }
  }

  private static func read(_ settings: TLSSettings) throws -> Files {
    Files(
      certificate: try bytes(settings.certificate), key: try bytes(settings.key),
      clientAuthorities: try settings.clientAuthorities.map(bytes))
  }

  private static func bytes(_ path: String) throws -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path) else { throw WiringError("\(path) cannot be read") }
    return Array(data)
  }

  private static func context(_ files: Files) throws -> TLSContext {
    try TLSContext.server(
      identity: TLSIdentity(certificateChainPEM: files.certificate, privateKeyPEM: files.key),
      applicationProtocols: ["h2", "http/1.1"], clientAuthorities: files.clientAuthorities)
  }
}
