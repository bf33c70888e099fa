/// Why TLS cannot be set up or cannot go on.
package enum TLSError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The trusted certificates cannot be used.
  case unusableAuthorities(String)
  /// Our own certificate or private key cannot be used.
  case unusableIdentity(String)
  /// A server name or protocol name that cannot be put into a handshake.
  case unusableName(String)
  /// The peer's certificate was refused. `name` is who we wanted to talk to.
  case certificate(name: String, problem: String)
  /// The peer broke the protocol, or refused us with an alert. `name` is who we talked to.
  case handshake(name: String, OpenSSLError)
  /// A record after the handshake could not be read or written.
  case record(name: String, OpenSSLError)
  /// Data was read or written before the handshake was done.
  case handshakePending(name: String)
  /// Data was written after `close()`.
  case closed(name: String)
  /// OpenSSL itself could not do its work; mostly memory.
  case library(OpenSSLError)

  package var description: String {
    switch self {
    case .unusableAuthorities(let problem): "trusted certificates: \(problem); give PEM blocks of CERTIFICATE"
    case .unusableIdentity(let problem): "own certificate and key: \(problem)"
    case .unusableName(let problem): problem
    case .certificate(let name, let problem): "certificate for \(name): \(problem)"
    case .handshake(let name, let error): "TLS handshake with \(name): \(error)\(error.tlsAdvice)"
    case .record(let name, let error): "TLS connection with \(name): \(error)\(error.tlsAdvice); it cannot be used any more"
    case .handshakePending(let name): "TLS connection with \(name): the handshake is not done yet"
    case .closed(let name): "TLS connection with \(name): already closed by us"
    case .library(let error): "TLS: \(error)"
    }
  }
}

extension OpenSSLError {
  /// What to do about the failures that people meet.
  fileprivate var tlsAdvice: String {
    switch reason {
    case let text where text.contains("http request") || text.contains("wrong version number"):
      "; the other side does not speak TLS on this port"
    case let text where text.contains("unsupported protocol") || text.contains("alert protocol version"):
      "; TLS 1.2 is the oldest version we speak"
    case let text where text.contains("alert unknown ca") || text.contains("alert bad certificate"):
      "; the other side does not trust our certificate"
    case let text where text.contains("peer did not return a certificate"):
      "; a client certificate is required here"
    case let text where text.contains("certificate required"):
      "; the other side requires a client certificate"
    default: ""
    }
  }
}
