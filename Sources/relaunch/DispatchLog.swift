import Glibc
import HTTP

/// Writes the path of each request that reaches the service, one a line. It is for tests that look for requests which should not have been
/// seen as such; it blocks the loop, and has no place in production.
final class DispatchLog: Sendable {
  private let descriptor: Int32

  init(_ path: String) throws {
    descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw WiringError("listeners.push.dispatchLog: \(path) cannot be opened: \(unsafe String(cString: strerror(errno)))")
    }
  }

  deinit { close(descriptor) }

  func add(_ head: HTTPRequest) {
    let line = Array("\(head.path)\n".utf8)
    _ = unsafe line.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
  }
}
