package import JSON

/// Which notices one receiver wants. It is journaled, so that the log says what is still to be sent to whom.
package struct Subscription: Hashable, Sendable {
  package let receiver: String
  package let kinds: Set<Notice.Kind>

  package init(receiver: String, kinds: Set<Notice.Kind>) {
    self.receiver = receiver
    self.kinds = kinds
  }

  package var json: JSONValue {
    ["receiver": .string(receiver), "kinds": .array(kinds.map(\.rawValue).sorted().map { .string($0) })]
  }

  /// - Returns: nil for anything that `json` does not write. Kinds of a later version are left out.
  package init?(json: JSONValue) {
    guard let receiver = json["receiver"]?.string, let kinds = json["kinds"]?.array else { return nil }
    self.init(receiver: receiver, kinds: Set(kinds.compactMap { $0.string.flatMap(Notice.Kind.init(rawValue:)) }))
  }
}
