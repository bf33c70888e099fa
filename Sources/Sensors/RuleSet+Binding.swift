import JSON

extension RuleSet {
  /// Which event definitions a push belongs to.
  package enum Binding: Hashable, Sendable {
    /// At least one.
    case bound([EventName])
    /// A sentence that says which names exist.
    case unbound(String)
  }

  /// Finds the event definitions of a push that came for `source`, the last part of its path.
  ///
  /// A definition is meant when `source` is its event name or `EventSource.event`, or when `subscription`'s short name is its
  /// `subscriptionID`. When there is only one definition in all, every push is meant for it.
  package func binding(source: String, subscription: String?) -> Binding {
    let events = eventSources.flatMap(\.events)
    let short = subscription.map { $0.split(separator: "/").last ?? "" }
    let matches = events.filter { event in
      event.name.event == source || event.name.description == source || (event.subscriptionID.map { $0[...] == short } ?? false)
    }
    if !matches.isEmpty { return .bound(matches.map(\.name)) }
    if events.count == 1, let only = events.first { return .bound([only.name]) }
    guard !events.isEmpty else { return .unbound("no EventSource has a pubSub event, so no Sensor can receive a push") }
    let names = events.map { event in
      event.name.description + (event.subscriptionID.map { " (subscription \($0))" } ?? "")
    }
    let wanted = "\(source.quoted(limit: 80)) and none has the subscription \((subscription ?? "").quoted(limit: 120))"
    return .unbound("no event is named \(wanted); \(Spelling.list(names))")
  }

  /// The definition of `name`.
  func definition(of name: EventName) -> EventSource.Definition? {
    eventSources.lazy.flatMap(\.events).first { $0.name == name }
  }
}
