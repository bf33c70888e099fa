import Glibc

/// Bytes that came in and are not used up yet. Taking from the front moves an index; the array is compacted only when the part
/// in front has grown large.
package struct ByteQueue: Sendable {
  private var storage: [UInt8] = []
  private var start = 0

  package init() {}

  package var count: Int { storage.count - start }
  package var isEmpty: Bool { storage.count == start }

  /// The byte at `offset` from the front, which must be there.
  package subscript(offset: Int) -> UInt8 { storage[start + offset] }

  package mutating func append(_ bytes: Span<UInt8>) {
    if start == storage.count { removeAll() }
    unsafe bytes.withUnsafeBufferPointer { unsafe storage.append(contentsOf: $0) }
  }

  /// The first `count` bytes, which stay where they are.
  package func prefix(_ count: Int) -> ArraySlice<UInt8> { storage[start..<start + count] }

  /// Lends the bytes at the offsets `range`, which must be there.
  package func withBytes<Result, Failure: Error>(
    _ range: Range<Int>, _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(storage.span.extracting(start + range.lowerBound..<start + range.upperBound))
  }

  /// Drops the first `count` bytes, which must be there.
  package mutating func removeFirst(_ count: Int) {
    precondition(count <= self.count, "more bytes are dropped than the queue holds")
    start += count
    if start == storage.count {
      removeAll()
    } else if start > 64 << 10 {
      storage.removeFirst(start)
      start = 0
    }
  }

  /// Empties the queue. Storage that one large message made is given back.
  package mutating func removeAll() {
    storage.removeAll(keepingCapacity: storage.capacity <= 64 << 10)
    start = 0
  }

  /// The offset of the first `byte` at or after `offset`; nil where there is none.
  package func firstIndex(of byte: UInt8, from offset: Int) -> Int? {
    let from = start + offset
    guard from < storage.count else { return nil }
    return unsafe storage.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress, let found = unsafe memchr(base + from, Int32(byte), bytes.count - from) else {
        return nil
      }
      return unsafe UnsafeRawPointer(found) - base - start
    }
  }
}
