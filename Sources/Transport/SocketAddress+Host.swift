extension SocketAddress {
  /// Whom an address belongs to, for counting: an IPv4 address, or the /64 network that anyone who has IPv6 has at least one of.
  package struct Host: Hashable, Sendable {
    private let high: UInt64
    private let low: UInt64

    package init(_ address: SocketAddress) {
      let bytes = address.bytes
      isLoopback = bytes.high == 0 && (bytes.low == 1 || bytes.low >> 24 == 0xFFFF_7F)
      high = bytes.high
      low = high == 0 ? bytes.low : 0
    }

    package let isLoopback: Bool
  }
}
