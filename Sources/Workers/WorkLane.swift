import DequeModule

/// The items of one key, in the order they came.
struct WorkLane<Item: Sendable>: Sendable {
  struct Entry: Sendable {
    let item: Item
    /// Counts all submissions to the pool.
    let number: UInt64
    /// Attempts that were made and failed.
    var attempts = 0
  }

  enum Phase: Hashable, Sendable {
    /// The first entry may start.
    case ready
    /// The first entry may start at that time.
    case backoff(until: Duration)
    /// An entry is being attempted; it is in `current`.
    case inFlight
    /// The entry in `current` ran out of attempts and is being reported as such.
    case reporting
  }

  var waiting: Deque<Entry> = []
  var current: Entry?
  var phase = Phase.ready
  /// Attempts that failed in a row, whatever the item. The wait depends on it: a newer item must not make a failing target be tried
  /// more often. How many attempts are left does not, for the newest item of a long outage has made none.
  var failures = 0

  var isOccupied: Bool { phase == .inFlight || phase == .reporting }
  var isInBackoff: Bool { if case .backoff = phase { true } else { false } }

  /// Removes from the end the entries that `newer` makes needless. Only from the end, for an item must not overtake another.
  mutating func removeCoalesced(into newer: Item, _ coalesces: (Item, Item) -> Bool) -> [Item] {
    var removed: [Item] = []
    while let last = waiting.last, coalesces(last.item, newer) {
      removed.append(last.item)
      waiting.removeLast()
    }
    return removed.reversed()
  }
}
