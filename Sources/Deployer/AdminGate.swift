package import Clocks
import HTTP
import OpenSSL
import Locks

/// Who may use the admin listener.
package final class AdminGate: Sendable {
  package enum Rule: Sendable {
    /// Whoever is on this machine. A browser is, too: what it is made to send by a page from elsewhere is refused.
    case loopback
    /// Whoever has shown a certificate to the listener.
    case clientCertificate
    /// Whoever has the bearer token.
    case token(AdminToken)
  }

  enum Verdict: Equatable {
    case admitted
    case unauthorized
    /// There were too many wrong tokens a moment ago.
    case tooManyFailures
    /// A page from elsewhere asks, through the browser of somebody who may.
    case foreign(String)
  }

  /// Wrong tokens that are answered in a second; further ones are only told to wait.
  private static let failuresPerSecond = 10

  private struct Failures {
    var second: Int64 = .min
    var count = 0
  }

  private let rule: Rule
  private let clock: any WallClock
  private let failures = Mutex(Failures())

  package init(_ rule: Rule, clock: any WallClock = SystemWallClock()) {
    self.rule = rule
    self.clock = clock
  }

  func judge(_ head: HTTPRequest) -> Verdict {
    switch rule {
    case .clientCertificate: return .admitted
    case .token(let token):
      // The right token always opens: whoever guesses must not lock others out.
      if token.isShown(by: head.fields) { return .admitted }
      return countFailure() ? .unauthorized : .tooManyFailures
    case .loopback: return Self.foreignness(of: head).map { .foreign($0) } ?? .admitted
    }
  }

  /// - Returns: whether there have been few.
  private func countFailure() -> Bool {
    let second = clock.now().seconds
    return failures.withLock { failures in
      if failures.second != second { failures = Failures(second: second) }
      failures.count += 1
      return failures.count <= Self.failuresPerSecond
    }
  }

  /// What shows that the request was made by a page from elsewhere: a name of its own that was made to lead to this machine (DNS
  /// rebinding), or an Origin (RFC 6454 section 7.3) that is not ours.
  private static func foreignness(of head: HTTPRequest) -> String? {
    let host = head.fields[.host] ?? ""
    guard isLoopback(host) else {
      return "the Host field names \(host.isEmpty ? "nobody" : host), and this listener serves loopback names only"
    }
    if let origin = head.fields[.origin], origin != "http://\(host)", origin != "https://\(host)" {
      return "the Origin field names another site"
    }
    return nil
  }

  private static func isLoopback(_ authority: String) -> Bool {
    if authority.hasPrefix("[") { return authority == "[::1]" || authority.hasPrefix("[::1]:") }
    let name = authority.prefix { $0 != ":" }
    return name == "localhost" || name.hasPrefix("127.") && name.utf8.allSatisfy { (48...57).contains($0) || $0 == 46 }
  }
}

/// The bearer token of the admin listener. It can be replaced while the server runs.
package final class AdminToken: Sendable {
  /// In bytes; shorter ones could be guessed.
  package static let lengthMinimum = 32

  private let digest: Mutex<SHA256Digest>

  package init(_ token: [UInt8]) { digest = Mutex(SHA256.digest(of: token.span)) }

  package func replace(by token: [UInt8]) {
    let new = SHA256.digest(of: token.span)
    digest.withLock { $0 = new }
  }

  /// Digests of both are compared, so that the time it takes says nothing about the token.
  func isShown(by fields: HTTPFields) -> Bool {
    let values = fields.values(of: .authorization)
    guard values.count == 1, let value = values.first, value.count > 7,
      value.prefix(7).elementsEqual("bearer ".utf8, by: { ($0 | 0x20) == $1 || $0 == $1 })
    else { return false }
    return SHA256.digest(of: Array(value.dropFirst(7)).span) == digest.withLock { $0 }
  }
}
