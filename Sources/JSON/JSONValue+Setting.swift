extension JSONValue {
  /// Writes `value` at the destination, as sjson does.
  ///
  /// What is missing on the way is created: an array where the next part is an index or `-1`, an object elsewhere. Scalars on the
  /// way are replaced. An index beyond an array's end fills the gap with null. After an error nothing has changed.
  package mutating func set(_ value: JSONValue, at destination: JSONDestination) throws(JSONPathError) {
    var copy = self
    try copy.set(value, at: destination.parts[...], of: destination)
    self = copy
  }

  /// Compiles `path` and writes.
  package mutating func set(_ value: JSONValue, at path: String) throws(JSONPathError) {
    try set(value, at: JSONDestination(path))
  }

  private mutating func set(
    _ value: JSONValue, at parts: ArraySlice<JSONDestination.Part>, of destination: JSONDestination
  ) throws(JSONPathError) {
    guard let part = parts.first else {
      self = value
      return
    }
    let rest = parts.dropFirst()
    switch self {
    case .object(var object):
      self = .null  // So that the members are not copied while they change.
      var member = object[part.name] ?? .null
      try member.set(value, at: rest, of: destination)
      object[part.name] = member
      self = .object(object)
    case .array(var elements):
      guard let index = part.isAppend ? elements.count : part.index else {
        throw .notAnIndex(part: part.name, path: destination.text)
      }
      guard index < JSONDestination.elementsLimit else {
        throw .indexTooLarge(index: index, limit: JSONDestination.elementsLimit, path: destination.text)
      }
      if index >= elements.count { elements += repeatElement(.null, count: index + 1 - elements.count) }
      try elements[index].set(value, at: rest, of: destination)
      self = .array(elements)
    case .null, .bool, .number, .string:
      self = part.isAppend || part.index != nil ? .array([]) : .object(JSONObject())
      try set(value, at: parts, of: destination)
    }
  }
}
