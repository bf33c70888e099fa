/// An event definition's full name: the EventSource it stands in and its key there.
package struct EventName: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let source: String
  package let event: String

  package init(source: String, event: String) {
    self.source = source
    self.event = event
  }

  package var description: String { "\(source).\(event)" }

  package static func < (left: EventName, right: EventName) -> Bool {
    (left.source, left.event) < (right.source, right.event)
  }
}
