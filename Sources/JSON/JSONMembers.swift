/// The members of an object, left where they were written: found and checked, and read when someone asks.
///
/// For the log's records, of which there are millions at a start: what nobody asks for costs a look at its bytes. Of a name that is
/// there twice the first counts.
package struct JSONMembers: Sendable {
  private let reader: JSONReader
  private var places: [(name: JSONText, offset: Int)] = []

  /// Checks the whole text, which must be one object.
  package init(parsing bytes: [UInt8], limits: JSONLimits = .default) throws(JSONError) {
    var reader = try JSONReader(bytes, limits: limits)
    try self.init(&reader)
    try reader.finish()
  }

  private init(_ reader: inout JSONReader) throws(JSONError) {
    self.reader = reader
    places.reserveCapacity(12)
    try reader.beginObject()
    while let name = try reader.nextMember() {
      places.append((name, reader.position))
      try reader.skipValue()
    }
  }

  /// The text of a string; nil where there is no such member, or it is of another kind. So are the others.
  package func string(_ name: StaticString) -> String? {
    read(name) { reader throws(JSONError) in reader.string(try reader.readString()) }
  }

  /// The UTF-8 of a string.
  package func utf8(_ name: StaticString) -> ArraySlice<UInt8>? {
    read(name) { reader throws(JSONError) in reader.utf8(try reader.readString()) }
  }

  package func bool(_ name: StaticString) -> Bool? {
    read(name) { reader throws(JSONError) in try reader.readBool() }
  }

  /// The value of a number that is written as an integer and fits.
  package func int(_ name: StaticString) -> Int? { value(name)?.int }

  /// The members of an object.
  package func object(_ name: StaticString) -> JSONMembers? {
    read(name) { reader throws(JSONError) in try JSONMembers(&reader) }
  }

  /// Those elements of an array that are objects; none where there is no array.
  package func objects(_ name: StaticString) -> [JSONMembers] {
    read(name) { reader throws(JSONError) in
      var objects: [JSONMembers] = []
      try reader.beginArray()
      while try reader.nextElement() {
        if try reader.peek() == .object { objects.append(try JSONMembers(&reader)) } else { try reader.skipValue() }
      }
      return objects
    } ?? []
  }

  /// The whole value, of whatever kind.
  package func value(_ name: StaticString) -> JSONValue? {
    read(name) { reader throws(JSONError) in try reader.readValue() }
  }

  private func read<Result>(_ name: StaticString, _ body: (inout JSONReader) throws(JSONError) -> Result) -> Result? {
    guard let place = places.first(where: { reader.text($0.name, is: name) }) else { return nil }
    var value = reader
    value.position = place.offset
    return try? body(&value)
  }
}
