package import Clocks
package import JSON

/// One message on its way through the server: what was received, from where, and when.
package struct Event: Hashable, Sendable {
  /// Names the event to people and in addresses: letters, digits, `-`, `_`, `.` and `~` only.
  ///
  /// The message's own id where it has a usable one. Pub/Sub keeps those unique within a topic, so two sources can share one.
  package let id: String
  /// The last part of `/push/<source>`.
  package let source: String
  package let receivedAt: Timestamp
  package let message: PubSubMessage

  package init(id: String, source: String, receivedAt: Timestamp, message: PubSubMessage) {
    self.id = id
    self.source = source
    self.receivedAt = receivedAt
    self.message = message
  }

  /// - Parameter fallbackID: names the event where the message has no id, or one that an address cannot hold; the caller makes it
  ///   from what identifies the push, such as a digest of its body.
  package init(source: String, receivedAt: Timestamp, message: PubSubMessage, fallbackID: @autoclosure () -> String) {
    let id = message.messageID.flatMap { Self.isID($0) ? $0 : nil } ?? fallbackID()
    self.init(id: id, source: source, receivedAt: receivedAt, message: message)
  }

  /// The data as JSON; nil where it is none. Parsed anew at each call: keep the value.
  package var body: JSONValue? {
    do throws(JSONError) {
      return try parseBody()
    } catch { return nil }
  }

  /// The data as JSON, or why it is none.
  package func parseBody() throws(JSONError) -> JSONValue { try JSONValue(parsing: message.data) }

  /// Whether `text` can be the id of an event.
  package static func isID(_ text: String) -> Bool {
    (1...128).contains(text.utf8.count) && text != "." && text != ".."
      && text.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"):
          true
        default: false
        }
      }
  }
}
