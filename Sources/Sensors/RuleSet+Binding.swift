import JSON

extension RuleSet {
  /// Which event definitions a push belongs to.
  package enum Binding: Hashable, Sendable {
    /// At least one.
    case bound([EventSource.Definition])
    /// A sentence that says which names exist.
    case unbound(String)
  }

  /// Finds the event definitions of a push that came for `source`, the last part of its path.
  ///
  /// A definition is meant when `source` is its event name or `EventSource.event`, or when `subscription`'s short name is its
  /// `subscriptionID`. When there is only one definition in all, every push is meant for it.
  package func binding(source: String, subscription: String?) -> Binding {
    let matches = definitions.meant(bySource: source, subscription: subscription)
    if !matches.isEmpty { return .bound(matches) }
    if definitions.all.count == 1 { return .bound(definitions.all) }
    guard !definitions.all.isEmpty else { return .unbound("no EventSource has a pubSub event, so no Sensor can receive a push") }
    let names = definitions.all.map { event in
      event.name.description + (event.subscriptionID.map { " (subscription \($0))" } ?? "")
    }
    let wanted = "\(source.quoted(limit: 80)) and none has the subscription \((subscription ?? "").quoted(limit: 120))"
    return .unbound("no event is named \(wanted); \(Spelling.list(names))")
  }
}

/// The event definitions of all EventSources, found by what a push says of itself: it costs two look-ups, however many there are.
struct EventDefinitions: Sendable {
  let all: [EventSource.Definition]
  /// Places in `all`, in order, by event name and by `EventSource.event`.
  private var bySource: [String: [Int]] = [:]
  private var bySubscription: [String: [Int]] = [:]

  init(_ eventSources: [EventSource]) {
    all = eventSources.flatMap(\.events)
    for (place, definition) in all.enumerated() {
      bySource[definition.name.event, default: []].append(place)
      bySource[definition.name.description, default: []].append(place)
      if let subscription = definition.subscriptionID { bySubscription[subscription, default: []].append(place) }
    }
  }

  /// In the order of the documents.
  func meant(bySource source: String, subscription: String?) -> [EventSource.Definition] {
    let named = bySource[source] ?? []
    let subscribed = bySubscription.isEmpty ? [] : subscription.flatMap { bySubscription[Self.shortName($0)] } ?? []
    guard !subscribed.isEmpty else { return named.map { all[$0] } }
    return Set(named + subscribed).sorted().map { all[$0] }
  }

  /// What follows the last slash.
  private static func shortName(_ subscription: String) -> String {
    let bytes = subscription.utf8
    return String(subscription[(bytes.lastIndex(of: UInt8(ascii: "/")).map { bytes.index(after: $0) } ?? bytes.startIndex)...])
  }
}
