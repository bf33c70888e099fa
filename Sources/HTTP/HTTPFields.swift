/// The fields of one message in the order they came, RFC 9110 section 5.
///
/// All names and values lie in one array of bytes, and a field is four offsets into it: a request of twelve fields costs two
/// allocations. Values are bytes, because a field value need not be UTF-8.
package struct HTTPFields: Sendable {
  /// Where one field lies in `storage`.
  struct Line: Sendable {
    var name: Range<UInt32>
    var value: Range<UInt32>
  }

  private var storage: [UInt8]
  private var lines: [Line]

  package init() {
    storage = []
    lines = []
  }

  package init(_ fields: [(name: FieldName, value: String)]) {
    self.init()
    for (name, value) in fields { append(name, value) }
  }

  /// - Parameters:
  ///   - storage: the bytes that `lines` point into, all of whose offsets the caller has checked.
  init(storage: [UInt8], lines: [Line]) {
    self.storage = storage
    self.lines = lines
  }

  package var count: Int { lines.count }
  package var isEmpty: Bool { lines.isEmpty }

  /// Adds a field after the others. What may not stand in a value, such as CR and LF, becomes a space (RFC 9110 section 5.5): no
  /// text from outside can begin another field or message.
  package mutating func append(_ name: FieldName, _ value: String) {
    let start = UInt32(storage.count)
    storage.append(contentsOf: name.bytes)
    let middle = UInt32(storage.count)
    for byte in value.utf8 { storage.append(HTTP1Syntax.isFieldContent(byte) ? byte : 0x20) }
    lines.append(Line(name: start..<middle, value: middle..<UInt32(storage.count)))
  }

  /// Adds a field whose bytes the caller has checked: `name` is a token, and what is in `value` may stand in a value.
  package mutating func append(checkedName name: Span<UInt8>, value: Span<UInt8>) {
    let start = UInt32(storage.count)
    unsafe name.withUnsafeBufferPointer { unsafe storage.append(contentsOf: $0) }
    let middle = UInt32(storage.count)
    unsafe value.withUnsafeBufferPointer { unsafe storage.append(contentsOf: $0) }
    lines.append(Line(name: start..<middle, value: middle..<UInt32(storage.count)))
  }

  /// The value of the first field called `name`, as bytes.
  package func bytes(of name: FieldName) -> ArraySlice<UInt8>? {
    lines.first { isNamed($0, name) }.map(value)
  }

  /// The values of all fields called `name`.
  package func values(of name: FieldName) -> [ArraySlice<UInt8>] {
    lines.filter { isNamed($0, name) }.map(value)
  }

  /// How many fields are called `name`.
  package func count(of name: FieldName) -> Int { lines.reduce(0) { isNamed($1, name) ? $0 + 1 : $0 } }

  /// The value of the first field called `name`, read as UTF-8.
  package subscript(name: FieldName) -> String? { bytes(of: name).map { String(decoding: $0, as: UTF8.self) } }

  /// Whether some field called `name` lists `token`, in any case, among its comma-separated members.
  package func lists(_ token: FieldName, in name: FieldName) -> Bool {
    lines.contains { line in
      isNamed(line, name)
        && value(line).split(separator: UInt8(ascii: ",")).contains { member in
          Self.trimmed(member).elementsEqual(token.bytes) { FieldName.lowercased($0) == $1 }
        }
    }
  }

  /// Each field's name, in lower case, and its value, read as UTF-8.
  package func forEach(_ visit: (_ name: String, _ value: String) -> Void) {
    for line in lines {
      visit(
        String(decoding: storage[range(line.name)].map(FieldName.lowercased), as: UTF8.self),
        String(decoding: value(line), as: UTF8.self))
    }
  }

  /// Each field's name, in the case it came in, and its value, as bytes.
  package func forEachLine(_ visit: (_ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) -> Void) {
    for line in lines { visit(storage[range(line.name)], value(line)) }
  }

  /// Appends each field as `name: value CRLF` to `output`.
  func write(to output: inout [UInt8]) {
    for line in lines {
      output.append(contentsOf: storage[range(line.name)])
      output.append(UInt8(ascii: ":"))
      output.append(UInt8(ascii: " "))
      output.append(contentsOf: value(line))
      output.append(UInt8(ascii: "\r"))
      output.append(UInt8(ascii: "\n"))
    }
  }

  private func isNamed(_ line: Line, _ name: FieldName) -> Bool {
    guard line.name.count == name.bytes.count else { return false }
    var index = Int(line.name.lowerBound)
    for byte in name.bytes {
      if FieldName.lowercased(storage[index]) != byte { return false }
      index += 1
    }
    return true
  }

  private func value(_ line: Line) -> ArraySlice<UInt8> { storage[range(line.value)] }

  private func range(_ offsets: Range<UInt32>) -> Range<Int> { Int(offsets.lowerBound)..<Int(offsets.upperBound) }

  /// `bytes` without optional white space (SP, HTAB) at either end.
  package static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
    return bytes.drop(while: isSpace).suffixWithout(isSpace)
  }
}

extension ArraySlice<UInt8> {
  fileprivate func suffixWithout(_ unwanted: (UInt8) -> Bool) -> ArraySlice<UInt8> {
    var slice = self
    while let last = slice.last, unwanted(last) { slice.removeLast() }
    return slice
  }
}

extension HTTPFields: Equatable {
  package static func == (left: HTTPFields, right: HTTPFields) -> Bool {
    guard left.count == right.count else { return false }
    var ours: [String] = []
    var theirs: [String] = []
    left.forEach { ours.append("\($0): \($1)") }
    right.forEach { theirs.append("\($0): \($1)") }
    return ours == theirs
  }
}
