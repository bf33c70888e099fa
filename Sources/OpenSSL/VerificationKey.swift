import COpenSSL

/// A public key that checks signatures: RSASSA-PKCS1-v1_5 with SHA-256 (RS256), or ECDSA on P-256 with SHA-256 (ES256).
///
/// @unchecked: an EVP_PKEY is not changed after it was made, and every verification works in a context of its own.
@safe package final class VerificationKey: @unchecked Sendable {
  package enum Kind: Hashable, Sendable { case rsa, p256 }

  /// The numbers that make a key, big-endian.
  package enum Numbers: Hashable, Sendable {
    /// Without leading zeros.
    case rsa(modulus: [UInt8], exponent: [UInt8])
    /// 32 bytes each.
    case p256(x: [UInt8], y: [UInt8])
  }

  package let kind: Kind
  /// The size of an RSA modulus in bits; 256 for P-256.
  package let bits: Int
  private let key: PublicKey

  /// An RSA key from big-endian numbers; see `KeyError` for what is refused, before any arithmetic.
  package convenience init(rsaModulus modulus: [UInt8], exponent: [UInt8]) throws(KeyError) {
    let numbers = try RSAPublicNumbers(modulus: modulus, exponent: exponent)
    let key: PublicKey
    do { key = try PublicKey(subjectPublicKeyInfoDER: SubjectPublicKeyInfo.rsa(numbers)) } catch { throw .library(error) }
    try self.init(key)
  }

  /// A P-256 key from big-endian coordinates of 32 bytes each.
  package convenience init(p256X x: [UInt8], y: [UInt8]) throws(KeyError) {
    guard x.count == 32, y.count == 32 else { throw .coordinateSize }
    let key: PublicKey
    // OpenSSL checks that the point is on the curve; nothing else in these bytes can be wrong.
    do { key = try PublicKey(subjectPublicKeyInfoDER: SubjectPublicKeyInfo.p256(x: x, y: y)) } catch { throw .pointNotOnCurve }
    try self.init(key)
  }

  /// A key from SubjectPublicKeyInfo in DER.
  package convenience init(subjectPublicKeyInfoDER der: [UInt8]) throws(KeyError) {
    let key: PublicKey
    do { key = try PublicKey(subjectPublicKeyInfoDER: der) } catch { throw .malformed(error) }
    try self.init(key)
  }

  /// A key from the first block `PUBLIC KEY` in PEM.
  package convenience init(subjectPublicKeyInfoPEM pem: [UInt8]) throws(KeyError) {
    let key: PublicKey
    do { key = try PublicKey(subjectPublicKeyInfoPEM: pem) } catch { throw .malformed(error) }
    try self.init(key)
  }

  /// The key of the first certificate in PEM. The certificate itself is not judged: not its dates, not its issuer.
  package convenience init(certificatePEM pem: [UInt8]) throws(KeyError) {
    let key: PublicKey
    do { key = try PublicKey(certificatePEM: pem) } catch { throw .malformed(error) }
    try self.init(key)
  }

  init(_ key: consuming PublicKey) throws(KeyError) {
    guard let kind = key.kind else { throw .unsupportedKind }
    self.kind = kind
    switch kind {
    case .p256: bits = 256
    case .rsa:
      let modulus: [UInt8]
      let exponent: [UInt8]
      do throws(OpenSSLError) {
        modulus = try key.number(OSSL_PKEY_PARAM_RSA_N)
        exponent = try key.number(OSSL_PKEY_PARAM_RSA_E)
      } catch { throw .library(error) }
      bits = try RSAPublicNumbers(modulus: modulus, exponent: exponent).bits
    }
    self.key = key
  }

  /// The numbers of the key, to publish it with.
  package func numbers() throws(KeyError) -> Numbers {
    do {
      return switch kind {
      case .rsa: .rsa(modulus: try key.number(OSSL_PKEY_PARAM_RSA_N), exponent: try key.number(OSSL_PKEY_PARAM_RSA_E))
      case .p256:
        .p256(x: try key.number(OSSL_PKEY_PARAM_EC_PUB_X, size: 32), y: try key.number(OSSL_PKEY_PARAM_EC_PUB_Y, size: 32))
      }
    } catch { throw .library(error) }
  }

  /// Whether `signature` is this key's over `message`: RS256, exactly as long as the modulus; or ES256, r and s in exactly 64
  /// bytes. Never throws: whatever is wrong with the bytes, they are no signature.
  package func verifies(_ signature: Span<UInt8>, of message: Span<UInt8>) -> Bool {
    switch kind {
    case .rsa:
      // RFC 8017 section 8.2.2 step 1. Left to OpenSSL, the rule would hang on its internals.
      guard signature.count == (bits + 7) / 8 else { return false }
      return unsafe signature.withUnsafeBytes { unsafe verifies($0, SHA256.digest(of: message)) }
    case .p256:
      guard let signature = ECDSASignature(fixed: signature) else { return false }
      return verifies(der: signature.der.span, of: message)
    }
  }

  /// Whether `signature`, an ECDSA signature in DER as X.509 has it, is this key's over `message`. False for RSA keys.
  package func verifies(der signature: Span<UInt8>, of message: Span<UInt8>) -> Bool {
    guard kind == .p256 else { return false }
    return unsafe signature.withUnsafeBytes { unsafe verifies($0, SHA256.digest(of: message)) }
  }

  private func verifies(_ signature: UnsafeRawBufferPointer, _ digest: SHA256Digest) -> Bool {
    ERR_clear_error()
    defer { ERR_clear_error() }
    let context = unsafe key.withHandle { unsafe EVP_PKEY_CTX_new_from_pkey(nil, $0, nil) }
    guard let context = unsafe context else { return false }
    defer { unsafe EVP_PKEY_CTX_free(context) }
    // PKCS#1 v1.5 is what libcrypto's RSA does unless told otherwise.
    guard unsafe EVP_PKEY_verify_init(context) == 1,
      unsafe EVP_PKEY_CTX_set_signature_md(context, SHA256.algorithm.raw) == 1
    else { return false }
    let digest = digest.bytes
    let start = unsafe signature.baseAddress?.assumingMemoryBound(to: UInt8.self)
    return unsafe EVP_PKEY_verify(context, start, signature.count, digest, digest.count) == 1
  }
}
