package import Clocks
package import JSON

/// That a receiver wants notices of one kind, and from when on. It is journaled, so that the log says what is still to be sent to whom.
package struct Subscription: Hashable, Sendable {
  package let receiver: String
  package let kind: Notice.Kind
  /// What is older is not sent, wherever in the log it is found.
  package let since: Timestamp

  package init(receiver: String, kind: Notice.Kind, since: Timestamp) {
    self.receiver = receiver
    self.kind = kind
    self.since = since
  }

  package var json: JSONValue {
    ["receiver": .string(receiver), "kind": .string(kind.rawValue), "since": .string(since.rfc3339)]
  }

  /// - Returns: nil for anything that `json` does not write, such as a kind of a later version.
  package init?(json: JSONValue) {
    guard let receiver = json["receiver"]?.string, let kind = json["kind"]?.string.flatMap(Notice.Kind.init(rawValue:)),
      let since = json["since"]?.string.flatMap({ Timestamp(rfc3339: $0) })
    else { return nil }
    self.init(receiver: receiver, kind: kind, since: since)
  }
}
