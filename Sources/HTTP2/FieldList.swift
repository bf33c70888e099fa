import HTTP

/// The fields of a message to be sent, pseudo-header fields first.
struct FieldList {
  struct Line {
    let name: Range<Int>
    let value: Range<Int>
  }

  /// Fields that speak about an HTTP/1.1 connection (RFC 9113 section 8.2.2), and those that are written from elsewhere.
  private static let left: [[UInt8]] = [
    "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te", "host", "content-length",
  ].map { Array($0.utf8) }

  private(set) var storage: [UInt8] = []
  private(set) var lines: [Line] = []

  mutating func append(_ name: String, _ value: String) {
    let start = storage.count
    storage.append(contentsOf: name.utf8)
    let middle = storage.count
    storage.append(contentsOf: value.utf8)
    lines.append(Line(name: start..<middle, value: middle..<storage.count))
  }

  /// Adds all fields but those that may not be sent, or are not the caller's to set.
  mutating func append(_ fields: HTTPFields) {
    fields.forEachLine { name, value in
      let start = storage.count
      for byte in name { storage.append(FieldName.lowercased(byte)) }
      guard !Self.left.contains(where: { storage[start...].elementsEqual($0) }) else {
        storage.removeLast(storage.count - start)
        return
      }
      let middle = storage.count
      // RFC 9113 section 8.2.1 forbids white space at either end, which HTTP/1.1 lets pass.
      storage.append(contentsOf: HTTPFields.trimmed(value))
      lines.append(Line(name: start..<middle, value: middle..<storage.count))
    }
  }
}
