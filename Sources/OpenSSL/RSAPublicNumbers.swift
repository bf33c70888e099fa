/// The two numbers of an RSA public key, checked before any arithmetic is done with them.
struct RSAPublicNumbers {
  /// Big-endian, without leading zeros.
  let modulus: [UInt8]
  let exponent: UInt64
  /// The size of the modulus.
  let bits: Int

  /// - Parameters: big-endian numbers; leading zeros are dropped.
  /// - Throws: unless the modulus is odd, of 2048 to 8192 bits and not of the ROCA kind, and the exponent odd and 3...2^33.
  init(modulus: [UInt8], exponent: [UInt8]) throws(KeyError) {
    self.modulus = Array(modulus.drop { $0 == 0 })
    // 8192 bits bound the time of one verification to about 0.3 ms; a key set is an input.
    bits = self.modulus.count * 8 - (self.modulus.first?.leadingZeroBitCount ?? 0)
    guard (2048...8192).contains(bits) else { throw .rsaModulusSize(bits: bits) }
    guard let last = self.modulus.last, last & 1 == 1 else { throw .rsaModulusEven }
    let significant = exponent.drop { $0 == 0 }
    guard significant.count <= 5 else { throw .rsaExponent }
    self.exponent = significant.reduce(0) { $0 << 8 | UInt64($1) }
    guard self.exponent & 1 == 1, (3...(1 << 33)).contains(self.exponent) else { throw .rsaExponent }
    guard !hasWeakGeneratorsMark else { throw .rsaWeakGenerator }
  }

  var exponentBytes: [UInt8] {
    Array((0..<8).map { UInt8(truncatingIfNeeded: exponent >> (56 - 8 * $0)) }.drop { $0 == 0 })
  }

  /// The test of Nemec and others, "The Return of Coppersmith's Attack" (2017): a modulus of the broken generator is a power of
  /// 65537 modulo each of these primes, which a sound one is with a chance of 2^-154 at most.
  private var hasWeakGeneratorsMark: Bool {
    Self.markPrimes.allSatisfy { prime in
      let rest = modulus.reduce(UInt32(0)) { ($0 << 8 | UInt32($1)) % prime }
      var power: UInt32 = 1
      for _ in 0..<prime {
        if power == rest { return true }
        power = power * (65_537 % prime) % prime
      }
      return false
    }
  }

  private static let markPrimes: [UInt32] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127,
    131, 137, 139, 149, 151, 157, 163, 167,
  ]
}
