import Glibc

/// An IPv4 or IPv6 address with a port.
package struct SocketAddress: Sendable, CustomStringConvertible {
  private let storage: sockaddr_storage
  let length: socklen_t

  /// The addresses that `host` has. Blocks while names are looked up: never call it on a loop or in an actor.
  /// - Parameter isListening: whether to listen there; then no address of another host is looked up.
  package static func resolve(host: String, port: UInt16, isListening: Bool = false) throws(TransportError) -> [SocketAddress] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = AI_NUMERICSERV | (isListening ? AI_PASSIVE : 0)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(host, String(port), &hints, &list)
    guard code == 0 else { throw TransportError.unresolvable(host: host, reason: unsafe String(cString: gai_strerror(code))) }
    defer { unsafe freeaddrinfo(list) }
    var addresses: [SocketAddress] = []
    var next = unsafe list
    while let entry = unsafe next {
      if let address = unsafe SocketAddress(entry.pointee.ai_addr, entry.pointee.ai_addrlen) { addresses.append(address) }
      unsafe next = entry.pointee.ai_next
    }
    return addresses
  }

  /// The address that the socket `descriptor` is bound to.
  init?(localAddressOf descriptor: Int32) { unsafe self.init { unsafe getsockname(descriptor, $0, $1) } }

  /// The address that the socket `descriptor` is connected to.
  init?(peerAddressOf descriptor: Int32) { unsafe self.init { unsafe getpeername(descriptor, $0, $1) } }

  private init?(_ call: (UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<socklen_t>) -> Int32) {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let code = unsafe withUnsafeMutableBytes(of: &storage) { bytes in
      unsafe call(bytes.assumingMemoryBound(to: sockaddr.self).baseAddress, &length)
    }
    guard code == 0 else { return nil }
    self.storage = storage
    self.length = length
  }

  /// The 16 bytes of the address as IPv6 has them, with an IPv4 address in its mapped form (RFC 4291 section 2.5.5.2).
  var bytes: (high: UInt64, low: UInt64) {
    unsafe withUnsafeBytes(of: storage) { bytes in
      // In bounds: sockaddr_storage is larger than either address.
      guard family == AF_INET6 else {
        return (0, 0xFFFF_0000_0000 | UInt64(UInt32(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))))
      }
      return unsafe (
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
      )
    }
  }

  private init?(_ address: UnsafeMutablePointer<sockaddr>?, _ length: socklen_t) {
    guard let address = unsafe address, Int(length) <= MemoryLayout<sockaddr_storage>.size else { return nil }
    var storage = sockaddr_storage()
    unsafe withUnsafeMutableBytes(of: &storage) { bytes in
      unsafe bytes.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(length)))
    }
    self.storage = storage
    self.length = length
  }

  var family: Int32 { Int32(storage.ss_family) }

  func withPointer<Result>(_ body: (UnsafePointer<sockaddr>?, socklen_t) -> Result) -> Result {
    unsafe withUnsafeBytes(of: storage) { unsafe body($0.assumingMemoryBound(to: sockaddr.self).baseAddress, length) }
  }

  /// The address without its port.
  package var host: String { names.host }
  package var port: UInt16 { UInt16(names.port) ?? 0 }

  /// Whether only this machine can reach it.
  package var isLoopback: Bool { host.hasPrefix("127.") || host == "::1" || host.hasPrefix("::ffff:127.") }

  package var description: String {
    let (host, port) = names
    return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }

  private var names: (host: String, port: String) {
    var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    var port = [CChar](repeating: 0, count: 32)
    let code = unsafe withPointer {
      unsafe getnameinfo(
        $0, $1, &host, socklen_t(host.count), &port, socklen_t(port.count), Int32(NI_NUMERICHOST | NI_NUMERICSERV))
    }
    guard code == 0 else { return ("", "") }
    return (Self.text(host), Self.text(port))
  }

  private static func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
