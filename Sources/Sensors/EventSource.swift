/// An EventSource document: the events that Sensors may depend on.
package struct EventSource: Sendable {
  package struct Definition: Hashable, Sendable {
    package let name: EventName

    /// The `subscriptionID`; nil where the document leaves it to Argo.
    package let subscriptionID: String?

    /// Whether `body` is the parsed message; base64 text otherwise.
    package let jsonBody: Bool
  }

  package let name: String

  /// The Pub/Sub events, the only kind a push can bring.
  package let events: [Definition]

  /// Events that are known but cannot be used, and why.
  let unusableEvents: [String: String]
}
