import JSON

/// The content of a message, parsed once for all Sensors.
enum EventBody: Sendable {
  case json(JSONValue)
  /// The message has attributes only.
  case none
  /// Not JSON, and why.
  case opaque(String)

  init(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else {
      self = .none
      return
    }
    do {
      self = .json(try JSONValue(parsing: bytes))
    } catch {
      self = .opaque("\(error)")
    }
  }
}
