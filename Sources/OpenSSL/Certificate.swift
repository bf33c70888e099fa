import COpenSSL

/// One X.509 certificate.
@safe struct Certificate: ~Copyable {
  private let raw: OpaquePointer

  init(takingOwnershipOf raw: OpaquePointer) { unsafe self.raw = raw }

  deinit { unsafe X509_free(raw) }

  /// Lends the handle to a call that does not keep it, or that takes a reference of its own.
  func withHandle<Result>(_ body: (OpaquePointer) -> Result) -> Result { unsafe body(raw) }

  /// Hands every certificate of `pem` to `body`, in order; other kinds of blocks are passed over.
  /// - Throws: where a block is damaged, where there is none at all, and what `body` throws.
  static func forEach(inPEM pem: [UInt8], _ body: (borrowing Certificate, Int) throws(OpenSSLError) -> Void) throws(OpenSSLError)
  {
    let source = try MemoryBIO.holding(pem)
    var count = 0
    while let certificate = try next(in: source) {
      try body(certificate, count)
      count += 1
    }
    guard count > 0 else { throw OpenSSLError(function: "PEM_read_bio_X509", reason: "no certificate found") }
  }

  /// The next certificate, nil at the end of the text.
  static func next(in source: borrowing MemoryBIO) throws(OpenSSLError) -> Certificate? {
    ERR_clear_error()
    if let raw = unsafe source.withHandle({ unsafe PEM_read_bio_X509($0, nil, nil, nil) }) {
      return unsafe Certificate(takingOwnershipOf: raw)
    }
    // "No start line" is how the end of the text reads; anything else is a damaged block.
    let code = ERR_peek_last_error()
    if ERR_GET_LIB(code) == ERR_LIB_PEM, ERR_GET_REASON(code) == PEM_R_NO_START_LINE {
      ERR_clear_error()
      return nil
    }
    throw OpenSSLError(draining: "PEM_read_bio_X509")
  }

  /// The certificate in PEM.
  func pem() throws(OpenSSLError) -> [UInt8] {
    let sink = try MemoryBIO()
    try OpenSSLError.check("PEM_write_bio_X509") {
      unsafe sink.withHandle { bio in unsafe withHandle { unsafe PEM_write_bio_X509(bio, $0) } }
    }
    return sink.contents
  }
}
