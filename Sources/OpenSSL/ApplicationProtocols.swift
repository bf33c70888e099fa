/// ALPN names in their wire form, RFC 7301 section 3.1, at an address that stays: OpenSSL hands out pointers into it.
@safe final class ApplicationProtocols {
  /// Each name after its length in one byte. No base address where there are no names.
  let wire: UnsafeBufferPointer<UInt8>

  /// - Throws: `.unusableName` for an empty name, one over 255 bytes, or more than 64 KiB in all.
  init(_ names: [String]) throws(TLSError) {
    var bytes: [UInt8] = []
    for name in names {
      guard let count = UInt8(exactly: name.utf8.count), count > 0, bytes.count < 65_000 else {
        throw .unusableName("application protocol of \(name.utf8.count) bytes: ALPN allows 1 to 255")
      }
      bytes.append(count)
      bytes.append(contentsOf: name.utf8)
    }
    guard !bytes.isEmpty else {
      unsafe wire = UnsafeBufferPointer(start: nil, count: 0)
      return
    }
    let storage = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
    _ = unsafe storage.initialize(from: bytes)
    unsafe wire = UnsafeBufferPointer(storage)
  }

  deinit { unsafe wire.deallocate() }
}
