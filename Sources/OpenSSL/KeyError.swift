/// Why a key is not fit for use.
package enum KeyError: Error, Hashable, Sendable, CustomStringConvertible {
  /// An RSA modulus outside 2048 to 8192 bits.
  case rsaModulusSize(bits: Int)
  /// An RSA modulus that cannot be one: it is even.
  case rsaModulusEven
  /// An RSA exponent that is even, below 3 or above 2^33.
  case rsaExponent
  /// An RSA modulus made by the broken generator of CVE-2017-15361 (ROCA); its private key can be computed.
  case rsaWeakGenerator
  /// Coordinates that are not 32 bytes each.
  case coordinateSize
  /// Coordinates that are no point of P-256.
  case pointNotOnCurve
  /// Neither RSA nor P-256.
  case unsupportedKind
  /// Bytes that OpenSSL cannot read as a key.
  case malformed(OpenSSLError)
  /// OpenSSL could not make or use the key.
  case library(OpenSSLError)

  package var description: String {
    switch self {
    case .rsaModulusSize(let bits): "RSA key of \(bits) bits; 2048 to 8192 are accepted, make another"
    case .rsaModulusEven: "RSA modulus is even, so it is no RSA key; make another"
    case .rsaExponent: "RSA exponent is not an odd number from 3 to 2^33; make another key, 65537 is usual"
    case .rsaWeakGenerator: "RSA key has the mark of the broken generator in CVE-2017-15361; replace it"
    case .coordinateSize: "P-256 coordinates must be 32 bytes each"
    case .pointNotOnCurve: "P-256 coordinates are not a point of the curve"
    case .unsupportedKind: "key is neither RSA nor on P-256; use one of these"
    case .malformed(let error): "key cannot be read: \(error)"
    case .library(let error): "key: \(error)"
    }
  }
}
