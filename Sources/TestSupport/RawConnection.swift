import Glibc

/// One end of a TCP connection on this machine, used by hand: it sends exactly what it is told to. Calls block, a minute at most: other tests may keep the machine busy for long.
package final class RawConnection: Sendable {
  private let descriptor: Int32

  /// Connects to 127.0.0.1.
  package init(port: UInt16) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard unsafe withLoopback(port, { unsafe connect(descriptor, $0, $1) }) == 0 else {
      throw RawSocketError(call: "connect", code: errno)
    }
    limitWaiting(descriptor)
  }

  fileprivate init(takingOwnershipOf descriptor: Int32) {
    self.descriptor = descriptor
    limitWaiting(descriptor)
  }

  deinit { _ = Glibc.close(descriptor) }

  /// Sends all of `text`, as far as the peer takes it.
  package func send(_ text: String) { send(Array(text.utf8)) }

  package func send(_ bytes: [UInt8]) {
    var bytes = bytes[...]
    while !bytes.isEmpty {
      let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }

  /// Says that nothing more is sent.
  package func finishSending() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

  /// Makes the release of the connection reset it.
  package func resetWhenReleased() {
    var option = linger(l_onoff: 1, l_linger: 0)
    _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  /// The next bytes, `limit` at most; none at the end, however that came.
  package func readBytes(limit: Int = 64 << 10) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: limit)
    let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, limit, 0) }
    return Array(buffer.prefix(max(0, count)))
  }

  /// Throws away what has come.
  /// - Returns: whether the end was among it.
  package func hasEnded() -> Bool {
    var buffer = [UInt8](repeating: 0, count: 4 << 10)
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes {
        unsafe recv(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))
      }
      if count <= 0 { return count == 0 || errno != EAGAIN }
    }
  }

  /// As `readBytes`, without holding a thread of the tests.
  package func receivedBytes(limit: Int = 64 << 10) async -> [UInt8] {
    await withCheckedContinuation { continuation in
      onThreadOfItsOwn { continuation.resume(returning: self.readBytes(limit: limit)) }
    }
  }

  /// As `read`, without holding a thread of the tests.
  package func received(through marker: String? = nil) async -> String {
    await withCheckedContinuation { continuation in
      onThreadOfItsOwn { continuation.resume(returning: self.read(through: marker)) }
    }
  }

  /// What comes until `marker` has, or until the end; `<reset>` or `<timeout>` at the end where that is how it went.
  package func read(through marker: String? = nil) -> String {
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      // One byte at a time with a marker, so that what follows it is left for the next call.
      let wanted = marker == nil ? buffer.count : 1
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, wanted, 0) }
      if count == 0 { break }
      guard count > 0 else {
        all += Array((errno == EAGAIN ? "<timeout>" : "<reset>").utf8)
        break
      }
      all += buffer.prefix(count)
      if let marker, all.suffix(marker.utf8.count).elementsEqual(marker.utf8) { break }
    }
    return String(decoding: all, as: UTF8.self)
  }
}

/// A listening TCP socket on this machine, used by hand.
package final class RawListener: Sendable {
  private let descriptor: Int32
  package let port: UInt16

  package init() throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard unsafe withLoopback(0, { unsafe bind(descriptor, $0, $1) }) == 0, listen(descriptor, 16) == 0 else {
      throw RawSocketError(call: "bind", code: errno)
    }
    limitWaiting(descriptor)
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = unsafe withUnsafeMutableBytes(of: &address) { bytes in
      unsafe getsockname(descriptor, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress, &length)
    }
    self.descriptor = descriptor
    port = UInt16(bigEndian: address.sin_port)
  }

  deinit { _ = Glibc.close(descriptor) }

  package func accept() throws -> RawConnection {
    let accepted = Glibc.accept(descriptor, nil, nil)
    guard accepted >= 0 else { throw RawSocketError(call: "accept", code: errno) }
    return RawConnection(takingOwnershipOf: accepted)
  }
}

package struct RawSocketError: Error {
  package let call: String
  package let code: Int32
}

private func withLoopback(_ port: UInt16, _ body: (UnsafePointer<sockaddr>?, socklen_t) -> Int32) -> Int32 {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  return unsafe withUnsafeBytes(of: address) {
    unsafe body($0.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(MemoryLayout<sockaddr_in>.size))
  }
}

private func limitWaiting(_ descriptor: Int32) {
  var limit = timeval(tv_sec: 300, tv_usec: 0)
  _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
}
