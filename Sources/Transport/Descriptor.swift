import Glibc

/// An open descriptor and the duty to close it.
struct Descriptor: ~Copyable {
  let raw: Int32

  init(takingOwnershipOf raw: Int32) { self.raw = raw }

  /// A TCP socket that never blocks and is closed on exec.
  init(socketOf family: Int32) throws(TransportError) {
    raw = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), Int32(IPPROTO_TCP))
    guard raw >= 0 else { throw TransportError.system(call: "socket", code: errno, about: "family \(family)") }
  }

  deinit { _ = Glibc.close(raw) }

  func setOption(_ level: Int32, _ name: Int32, _ value: Int32) {
    var value = value
    _ = unsafe setsockopt(raw, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  /// Sends what is written at once. Our messages are whole when we write them; waiting for more would only add delay.
  func disableDelay() { setOption(Int32(IPPROTO_TCP), TCP_NODELAY, 1) }

  /// Bytes that the kernel has taken and the peer's kernel has not acknowledged.
  var unacknowledgedBytes: Int {
    var count: Int32 = 0
    return unsafe ioctl(raw, UInt(TIOCOUTQ), &count) == 0 ? Int(count) : 0
  }

  /// The error that a connection attempt ended with; 0 for none.
  var pendingError: Int32 {
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    return unsafe getsockopt(raw, SOL_SOCKET, SO_ERROR, &code, &length) == 0 ? code : errno
  }
}
