import COpenSSL

/// Bytes in memory that OpenSSL reads from or writes to.
@safe struct MemoryBIO: ~Copyable {
  private let raw: OpaquePointer

  init() throws(OpenSSLError) {
    unsafe raw = try OpenSSLError.make("BIO_new") { unsafe BIO_new(BIO_s_mem()) }
  }

  /// A BIO that holds a copy of `bytes`.
  static func holding(_ bytes: [UInt8]) throws(OpenSSLError) -> MemoryBIO {
    let memory = try MemoryBIO()
    guard let count = Int32(exactly: bytes.count) else { throw OpenSSLError(function: "BIO_write", reason: "too long") }
    guard count > 0 else { return memory }
    guard unsafe BIO_write(memory.raw, bytes, count) == count else { throw OpenSSLError(draining: "BIO_write") }
    return memory
  }

  deinit { unsafe BIO_free(raw) }

  /// Lends the handle to a call that does not keep it.
  func withHandle<Result>(_ body: (OpaquePointer) -> Result) -> Result { unsafe body(raw) }

  /// A copy of everything that was written and not read yet.
  var contents: [UInt8] {
    var bytes: UnsafeMutablePointer<CChar>? = nil
    let count = unsafe openssl_memory(raw, &bytes)
    guard let start = unsafe bytes, count > 0 else { return [] }
    return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
  }
}
