import COpenSSL

/// One public key of any kind; a key pair of which only the public half is used counts as one.
@safe struct PublicKey: ~Copyable {
  private let raw: OpaquePointer

  init(takingOwnershipOf raw: OpaquePointer) { unsafe self.raw = raw }

  /// A SubjectPublicKeyInfo in DER, without anything after it.
  init(subjectPublicKeyInfoDER der: [UInt8]) throws(OpenSSLError) {
    unsafe raw = try OpenSSLError.make("d2i_PUBKEY") {
      unsafe der.withUnsafeBufferPointer { bytes in
        var next = bytes.baseAddress
        let key = unsafe d2i_PUBKEY(nil, &next, bytes.count)
        guard unsafe next == bytes.baseAddress?.advanced(by: bytes.count) else {
          unsafe EVP_PKEY_free(key)
          return nil
        }
        return unsafe key
      }
    }
  }

  /// The first PEM block of type PUBLIC KEY.
  init(subjectPublicKeyInfoPEM pem: [UInt8]) throws(OpenSSLError) {
    let source = try MemoryBIO.holding(pem)
    unsafe raw = try OpenSSLError.make("PEM_read_bio_PUBKEY") {
      unsafe source.withHandle { unsafe PEM_read_bio_PUBKEY($0, nil, nil, nil) }
    }
  }

  /// The key of the first certificate in `pem`.
  init(certificatePEM pem: [UInt8]) throws(OpenSSLError) {
    let source = try MemoryBIO.holding(pem)
    guard let certificate = try Certificate.next(in: source) else {
      throw OpenSSLError(function: "PEM_read_bio_X509", reason: "no certificate found")
    }
    unsafe raw = try OpenSSLError.make("X509_get_pubkey") { unsafe certificate.withHandle { unsafe X509_get_pubkey($0) } }
  }

  deinit { unsafe EVP_PKEY_free(raw) }

  /// Lends the handle to a call that does not keep it, or that takes a reference of its own.
  func withHandle<Result>(_ body: (OpaquePointer) -> Result) -> Result { unsafe body(raw) }

  /// RSA or P-256; nil for any other kind.
  var kind: VerificationKey.Kind? {
    switch unsafe EVP_PKEY_get_base_id(raw) {
    case EVP_PKEY_RSA: .rsa
    case EVP_PKEY_EC where group == "prime256v1": .p256
    default: nil
    }
  }

  /// A number of the key, big-endian, such as `n`, `e`, `qx`.
  /// - Parameter size: pads with zeros on the left to so many bytes.
  func number(_ name: String, size: Int32 = 0) throws(OpenSSLError) -> [UInt8] {
    var number: OpaquePointer? = nil
    try OpenSSLError.check("EVP_PKEY_get_bn_param") { unsafe EVP_PKEY_get_bn_param(raw, name, &number) }
    defer { unsafe BN_free(number) }
    let count = max(unsafe (BN_num_bits(number) + 7) / 8, size)
    var bytes = [UInt8](repeating: 0, count: Int(count))
    guard unsafe BN_bn2binpad(number, &bytes, count) == count else { throw OpenSSLError(draining: "BN_bn2binpad") }
    return bytes
  }

  private var group: String {
    var name = [UInt8](repeating: 0, count: 64)
    var count = 0
    let found = unsafe name.withUnsafeMutableBytes { buffer in
      unsafe EVP_PKEY_get_group_name(raw, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count, &count)
    }
    return found == 1 ? String(decoding: name.prefix(count), as: UTF8.self) : ""
  }
}
