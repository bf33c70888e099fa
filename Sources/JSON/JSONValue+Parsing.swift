extension JSONValue {
  /// Reads one JSON text, strictly: RFC 8259 without any of its leniencies, and no member name twice in an object.
  package init(parsing bytes: ArraySlice<UInt8>, limits: JSONLimits = .default) throws(JSONError) {
    var reader = try JSONReader(bytes, limits: limits)
    self = try reader.readValue()
    try reader.finish()
  }

  package init(parsing bytes: [UInt8], limits: JSONLimits = .default) throws(JSONError) {
    try self.init(parsing: bytes[...], limits: limits)
  }

  /// Copies the bytes once; arrays and slices are read in place.
  package init(parsing bytes: Span<UInt8>, limits: JSONLimits = .default) throws(JSONError) {
    guard bytes.count <= limits.bytes else { throw .tooLarge(count: bytes.count, limit: limits.bytes) }
    var copy: [UInt8] = []
    copy.reserveCapacity(bytes.count)
    for index in bytes.indices { copy.append(bytes[index]) }
    try self.init(parsing: copy, limits: limits)
  }

  package init(parsing text: String, limits: JSONLimits = .default) throws(JSONError) {
    try self.init(parsing: Array(text.utf8), limits: limits)
  }
}

extension JSONReader {
  /// Reads the value that follows as a whole. Member names that occur twice in one object are refused.
  package mutating func readValue() throws(JSONError) -> JSONValue {
    switch try peek() {
    case .null:
      try readNull()
      return .null
    case .bool: return .bool(try readBool())
    case .number: return .number(JSONNumber(checked: String(decoding: slice(try readNumber()), as: UTF8.self)))
    case .string: return .string(string(try readString()))
    case .array:
      var elements: [JSONValue] = []
      try beginArray()
      while try nextElement() { elements.append(try readValue()) }
      return .array(elements)
    case .object:
      var object = JSONObject()
      try beginObject()
      while let text = try nextMember() {
        let name = string(text)
        guard object.appendIfNew(name, try readValue()) else { throw .duplicateName(name, offset: text.range.lowerBound - 1) }
      }
      return .object(object)
    }
  }
}
