import Clocks
import Events

/// The CloudEvents context that Argo gives an event.
struct EventContext: Hashable, Sendable {
  var id: String
  /// The EventSource's name.
  var source: String
  /// The event's name in it.
  var subject: String
  var type = "pubsub"
  var contentType = "application/json"
  /// RFC 3339 in UTC, whole seconds.
  var time: String

  /// A field by the name Argo knows it under; nil where there is none of that name.
  subscript(name: String) -> String? {
    switch name {
    case "id": id
    case "source": source
    case "subject": subject
    case "type": type
    case "specversion": "1.0"
    case "datacontenttype": contentType
    case "time": time
    default: nil
    }
  }
}

extension EventContext {
  /// The context of an event that is bound to `binding`. Its time is that of the receipt, as in Argo.
  init(_ event: Event, binding: EventName) {
    self.init(id: event.id, source: binding.source, subject: binding.event, time: event.receivedAt.rfc3339WholeSeconds)
  }

  /// Whether the event came as `name`.
  func isOf(_ name: EventName) -> Bool { name.event == subject && name.source == source }
}
