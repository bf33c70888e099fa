/// `filters.context`: exact equality with the event's CloudEvents context. Empty fields do not count.
struct ContextFilter: Hashable, Sendable {
  /// Name and wanted text of `type`, `subject`, `source` and `datacontenttype`, those that are set.
  let wanted: [Attribute]

  struct Attribute: Hashable, Sendable {
    let name: String
    let text: String
  }

  /// The attributes Argo compares; the other fields of the filter are accepted and ignored.
  static let comparedNames = ["type", "subject", "source", "datacontenttype"]

  func verdict(on event: EventView) -> FilterVerdict {
    for attribute in wanted {
      let actual = event.context[attribute.name] ?? ""
      guard actual == attribute.text else {
        return .fail(
          Rejection(clause: "context", path: attribute.name, actual: actual, wanted: "= " + attribute.text.escaped(limit: 80)))
      }
    }
    return .pass
  }
}
