import Glibc

/// An IP address as its 16 bytes; an IPv4 one as IPv6 maps it, `::ffff:a.b.c.d` (RFC 4291 section 2.5.5.2), so that both are compared alike.
struct IPAddress: Hashable, Sendable {
  /// What the addresses that stand for IPv4 ones begin with.
  private static let mappedPrefix = [UInt8](repeating: 0, count: 10) + [0xff, 0xff]

  let bytes: [UInt8]

  /// - Returns: nil where `text` is no address but, say, a name.
  init?(_ text: some StringProtocol) {
    var four = in_addr()
    var six = in6_addr()
    let text = String(text)
    if unsafe inet_pton(AF_INET, text, &four) == 1 {
      bytes = unsafe Self.mappedPrefix + withUnsafeBytes(of: four) { unsafe Array($0) }
    } else if unsafe inet_pton(AF_INET6, text, &six) == 1 {
      bytes = unsafe withUnsafeBytes(of: six) { unsafe Array($0) }
    } else {
      return nil
    }
  }

  var isLoopback: Bool {
    bytes.starts(with: Self.mappedPrefix) ? bytes[12] == 127 : bytes == [UInt8](repeating: 0, count: 15) + [1]
  }

  /// Whether the first `count` bits are those of `other`.
  func agrees(with other: IPAddress, bits count: Int) -> Bool {
    let whole = count / 8
    guard bytes.prefix(whole) == other.bytes.prefix(whole) else { return false }
    let rest = count % 8
    return rest == 0 || (bytes[whole] ^ other.bytes[whole]) >> (8 - rest) == 0
  }
}
