import COpenSSL

/// SHA-256, FIPS 180-4, in one shot.
package enum SHA256 {
  /// The digest of `bytes`.
  package static func digest(of bytes: Span<UInt8>) -> SHA256Digest {
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    unsafe bytes.withUnsafeBytes { input in
      unsafe withUnsafeMutableBytes(of: &words) { output in
        let done = unsafe EVP_Digest(
          input.baseAddress, input.count, output.baseAddress?.assumingMemoryBound(to: UInt8.self), nil, algorithm.raw, nil)
        precondition(done == 1, "libcrypto has no working SHA-256; the installation is broken")
      }
    }
    return SHA256Digest(
      words: (
        UInt64(bigEndian: words.0), UInt64(bigEndian: words.1), UInt64(bigEndian: words.2), UInt64(bigEndian: words.3)
      ))
  }

  /// Fetched once and kept: in OpenSSL 3 the look-up by name costs as much as hashing a kilobyte.
  static let algorithm = Algorithm()

  // @unchecked: an EVP_MD is immutable after it was fetched.
  @safe final class Algorithm: @unchecked Sendable {
    let raw: OpaquePointer?

    init() {
      unsafe raw = EVP_MD_fetch(nil, "SHA256", nil)
    }

    deinit { unsafe EVP_MD_free(raw) }
  }
}
