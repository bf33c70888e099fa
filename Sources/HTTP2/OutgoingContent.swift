/// Content on its way out, as the peer's window lets it go.
struct OutgoingContent {
  private let bytes: [UInt8]
  private var sent = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var remainingBytes: Int { bytes.count - sent }

  mutating func take(upTo limit: Int) -> (ArraySlice<UInt8>, isLast: Bool) {
    let end = min(bytes.count, sent + limit)
    defer { sent = end }
    return (bytes[sent..<end], end == bytes.count)
  }
}
