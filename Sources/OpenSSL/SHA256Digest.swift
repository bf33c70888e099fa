/// A SHA-256 digest: 32 bytes, stored inline so that it is cheap to keep as a key.
package struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
  private let words: (UInt64, UInt64, UInt64, UInt64)

  /// - Parameter words: the digest in four big-endian words.
  init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

  package static let byteCount = 32

  /// - Parameter bytes: the 32 bytes.
  /// - Returns: nil for another number of them.
  package init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    var words: [UInt64] = []
    for (index, byte) in bytes.enumerated() {
      if index % 8 == 0 { words.append(0) }
      words[index / 8] = words[index / 8] << 8 | UInt64(byte)
    }
    self.words = (words[0], words[1], words[2], words[3])
  }

  /// The 32 bytes.
  package var bytes: [UInt8] {
    let ordered = (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)
    return unsafe withUnsafeBytes(of: ordered) { unsafe Array($0) }
  }

  /// 64 lower-case hexadecimal digits.
  package var description: String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  package static func == (left: SHA256Digest, right: SHA256Digest) -> Bool { left.words == right.words }

  /// Of a digest a part tells as much as the whole.
  package func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
