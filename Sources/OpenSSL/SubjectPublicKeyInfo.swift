/// Writes SubjectPublicKeyInfo, RFC 5280 section 4.1, in DER: the one form in which OpenSSL takes every kind of public key.
enum SubjectPublicKeyInfo {
  /// RFC 3279 section 2.3.1: rsaEncryption with NULL parameters around RSAPublicKey.
  static func rsa(_ numbers: RSAPublicNumbers) -> [UInt8] {
    let algorithm: [UInt8] = [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00]
    let key = element(0x30, integer(numbers.modulus) + integer(numbers.exponentBytes))
    return element(0x30, algorithm + element(0x03, [0] + key))
  }

  /// RFC 5480 section 2: id-ecPublicKey on secp256r1 around the uncompressed point.
  /// - Parameters: 32 bytes each.
  static func p256(x: [UInt8], y: [UInt8]) -> [UInt8] {
    let algorithm: [UInt8] = [
      0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01,
      0x07,
    ]
    return element(0x30, algorithm + element(0x03, [0, 4] + x + y))
  }

  /// - Parameter number: big-endian, not empty, without leading zeros.
  private static func integer(_ number: [UInt8]) -> [UInt8] {
    // A set top bit would read as a negative number.
    element(0x02, (number.first ?? 0) & 0x80 == 0 ? number : [0] + number)
  }

  private static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    let count = content.count
    let length: [UInt8] =
      switch count {
      case ..<0x80: [UInt8(count)]
      case ..<0x100: [0x81, UInt8(count)]
      default: [0x82, UInt8(truncatingIfNeeded: count >> 8), UInt8(truncatingIfNeeded: count)]
      }
    return [tag] + length + content
  }
}
