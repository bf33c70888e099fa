import COpenSSL

/// A key pair that signs: RS256 or ES256, by its kind.
///
/// @unchecked: an EVP_PKEY is not changed after it was made, and every signature is made in a context of its own.
@safe package final class SigningKey: @unchecked Sendable {
  /// The public half.
  package let verificationKey: VerificationKey
  private let key: PrivateKey

  private init(_ key: consuming PrivateKey) throws(KeyError) {
    verificationKey = try VerificationKey(key.publicHalf())
    self.key = key
  }

  package var kind: VerificationKey.Kind { verificationKey.kind }

  /// A fresh RSA key. Takes a tenth of a second or more.
  package static func generateRSA(bits: Int = 2048) throws(KeyError) -> SigningKey {
    guard (2048...8192).contains(bits) else { throw .rsaModulusSize(bits: bits) }
    let key: PrivateKey
    do { key = try PrivateKey.generateRSA(bits: bits) } catch { throw .library(error) }
    return try SigningKey(key)
  }

  /// A fresh key on P-256.
  package static func generateP256() throws(KeyError) -> SigningKey {
    let key: PrivateKey
    do { key = try PrivateKey.generateP256() } catch { throw .library(error) }
    return try SigningKey(key)
  }

  /// The first private key in `pem`, unencrypted; PKCS#8, PKCS#1 or SEC 1.
  package convenience init(pem: [UInt8]) throws(KeyError) {
    let key: PrivateKey
    do { key = try PrivateKey(pem: pem) } catch { throw .malformed(error) }
    try self.init(key)
  }

  /// The key in PEM, PKCS#8, unencrypted: keep it in a file that only its owner can read.
  package func pem() throws(KeyError) -> [UInt8] {
    do { return try key.pem() } catch { throw .library(error) }
  }

  /// The signature over `message`: RSASSA-PKCS1-v1_5 with SHA-256, or ECDSA with SHA-256 as r and s in 64 bytes.
  package func sign(_ message: Span<UInt8>) throws(KeyError) -> [UInt8] {
    let signature: [UInt8]
    do { signature = try unsafe message.withUnsafeBytes { (bytes) throws(OpenSSLError) in try unsafe sign(bytes) } } catch {
      throw .library(error)
    }
    return kind == .rsa ? signature : try ECDSASignature(der: signature).fixed
  }

  private func sign(_ message: UnsafeRawBufferPointer) throws(OpenSSLError) -> [UInt8] {
    let context = unsafe try OpenSSLError.make("EVP_MD_CTX_new") { unsafe EVP_MD_CTX_new() }
    defer { unsafe EVP_MD_CTX_free(context) }
    try OpenSSLError.check("EVP_DigestSignInit") {
      unsafe key.withHandle { unsafe EVP_DigestSignInit(context, nil, SHA256.algorithm.raw, nil, $0) }
    }
    let start = unsafe message.baseAddress?.assumingMemoryBound(to: UInt8.self)
    var count = 0
    try OpenSSLError.check("EVP_DigestSign") { unsafe EVP_DigestSign(context, nil, &count, start, message.count) }
    var signature = [UInt8](repeating: 0, count: count)
    try OpenSSLError.check("EVP_DigestSign") { unsafe EVP_DigestSign(context, &signature, &count, start, message.count) }
    return Array(signature.prefix(count))
  }
}
