import COpenSSL

/// One private key, of any kind that OpenSSL knows.
@safe struct PrivateKey: ~Copyable {
  private let raw: OpaquePointer

  init(takingOwnershipOf raw: OpaquePointer) { unsafe self.raw = raw }

  /// Reads the first private key in `pem`.
  init(pem: [UInt8]) throws(OpenSSLError) {
    let source = try MemoryBIO.holding(pem)
    unsafe raw = try OpenSSLError.make("PEM_read_bio_PrivateKey") {
      // Without a callback OpenSSL would ask for the password of an encrypted key on the terminal.
      unsafe source.withHandle { unsafe PEM_read_bio_PrivateKey($0, nil, { _, _, _, _ in -1 }, nil) }
    }
  }

  deinit { unsafe EVP_PKEY_free(raw) }

  /// A fresh key on the curve P-256.
  static func generateP256() throws(OpenSSLError) -> PrivateKey {
    unsafe PrivateKey(takingOwnershipOf: try OpenSSLError.make("EVP_EC_gen") { unsafe openssl_generate_ec("P-256") })
  }

  /// A fresh RSA key of `bits`.
  static func generateRSA(bits: Int) throws(OpenSSLError) -> PrivateKey {
    unsafe PrivateKey(takingOwnershipOf: try OpenSSLError.make("EVP_RSA_gen") { unsafe openssl_generate_rsa(bits) })
  }

  /// Lends the handle to a call that does not keep it, or that takes a reference of its own.
  func withHandle<Result>(_ body: (OpaquePointer) -> Result) -> Result { unsafe body(raw) }

  /// The same key, seen as a public one.
  func publicHalf() -> PublicKey {
    _ = unsafe EVP_PKEY_up_ref(raw)
    return unsafe PublicKey(takingOwnershipOf: raw)
  }

  /// The key in PEM, PKCS#8, unencrypted.
  func pem() throws(OpenSSLError) -> [UInt8] {
    let sink = try MemoryBIO()
    try OpenSSLError.check("PEM_write_bio_PKCS8PrivateKey") {
      unsafe sink.withHandle { bio in
        unsafe withHandle { unsafe PEM_write_bio_PKCS8PrivateKey(bio, $0, nil, nil, 0, nil, nil) }
      }
    }
    return sink.contents
  }
}
