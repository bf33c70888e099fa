import COpenSSL

/// Random bytes from OpenSSL's generator, fit for keys and identifiers that nobody may guess.
package enum SecureRandom {
  /// - Precondition: `count` is not negative.
  package static func bytes(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    guard let length = Int32(exactly: count) else { preconditionFailure("\(count) random bytes at once are too many") }
    // The generator fails only where the system gives no entropy at all; nothing made without it may be used.
    precondition(unsafe RAND_bytes(&bytes, length) == 1, "the system gives no random bytes")
    return bytes
  }
}
