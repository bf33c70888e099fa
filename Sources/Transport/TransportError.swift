import Glibc

/// A system call on a socket that failed, or an address that is none.
package enum TransportError: Error, Equatable, Sendable, CustomStringConvertible {
  /// - Parameter about: the address or descriptor the call was about.
  case system(call: String, code: Int32, about: String)
  case unresolvable(host: String, reason: String)

  package var description: String {
    switch self {
    case .system(let call, let code, let about): "\(about): \(call): \(Self.text(code))"
    case .unresolvable(let host, let reason): "\(host): cannot resolve: \(reason)"
    }
  }

  /// What `errno` value `code` means.
  static func text(_ code: Int32) -> String {
    guard let text = unsafe strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text)
  }
}
