import COpenSSL

/// The two numbers of an ECDSA signature on P-256, between the two ways to write them: r and s side by side in 32 bytes each
/// (RFC 7518 section 3.4) and DER (RFC 3279 section 2.2.3).
@safe struct ECDSASignature: ~Copyable {
  private let raw: OpaquePointer

  deinit { unsafe ECDSA_SIG_free(raw) }

  /// - Returns: nil unless `fixed` has exactly 64 bytes.
  init?(fixed: Span<UInt8>) {
    guard fixed.count == 64 else { return nil }
    let (r, s) = unsafe fixed.withUnsafeBufferPointer { bytes in
      unsafe (BN_bin2bn(bytes.baseAddress, 32, nil), BN_bin2bn(bytes.baseAddress?.advanced(by: 32), 32, nil))
    }
    let made = unsafe ECDSA_SIG_new()
    guard let made = unsafe made, unsafe ECDSA_SIG_set0(made, r, s) == 1 else {
      unsafe ECDSA_SIG_free(made)
      unsafe BN_free(r)
      unsafe BN_free(s)
      return nil
    }
    unsafe raw = made
  }

  init(der: [UInt8]) throws(KeyError) {
    do throws(OpenSSLError) {
      unsafe raw = try OpenSSLError.make("d2i_ECDSA_SIG") {
        unsafe der.withUnsafeBufferPointer { bytes in
          var next = bytes.baseAddress
          return unsafe d2i_ECDSA_SIG(nil, &next, bytes.count)
        }
      }
    } catch { throw .library(error) }
  }

  var der: [UInt8] {
    var next: UnsafeMutablePointer<UInt8>? = nil
    let count = unsafe Int(i2d_ECDSA_SIG(raw, &next))
    guard let start = unsafe next, count > 0 else { return [] }
    defer { unsafe CRYPTO_free(start, #fileID, #line) }
    return unsafe Array(UnsafeBufferPointer(start: start, count: count))
  }

  /// 64 bytes. Only for signatures on P-256, whose numbers fit.
  var fixed: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 64)
    unsafe bytes.withUnsafeMutableBufferPointer { bytes in
      _ = unsafe BN_bn2binpad(ECDSA_SIG_get0_r(raw), bytes.baseAddress, 32)
      _ = unsafe BN_bn2binpad(ECDSA_SIG_get0_s(raw), bytes.baseAddress?.advanced(by: 32), 32)
    }
    return bytes
  }
}
