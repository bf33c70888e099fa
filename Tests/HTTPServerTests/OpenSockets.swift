import Glibc

/// The inodes of the sockets that this process has open; with a port, of those that are bound to it.
func openSockets(at port: UInt16? = nil) -> Set<UInt64> {
  var inodes: Set<UInt64> = []
  for descriptor in 0..<getdtablesize() {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { continue }
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isNamed = unsafe withUnsafeMutableBytes(of: &address) { bytes in
      unsafe getsockname(descriptor, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress, &length) == 0
    }
    if let port, !isNamed || address.sin_port != port.bigEndian { continue }
    inodes.insert(UInt64(status.st_ino))
  }
  return inodes
}
