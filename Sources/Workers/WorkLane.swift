import DequeModule

/// The items of one key, in the order they came.
struct WorkLane<Key: Sendable, Item: Sendable>: Sendable {
  struct Entry: Sendable {
    let item: Item
    /// Counts all submissions to the pool.
    let number: UInt64
    let claim: WorkClaim
    /// When the item's age was zero.
    let bornAt: Duration
    /// Attempts that were made.
    var tries = 0
    /// Those of them that count against the item's limits, and those of these that ended with a refusal.
    var attempts = 0
    var refusals = 0
    /// Whether the attempt under way is the circuit's probe.
    var isProbe = false
  }

  enum Phase: Hashable, Sendable {
    /// The first entry may start; the key waits in the ready queue.
    case ready(ReadyQueue<Key>.Ticket)
    /// The first entry may start at that time.
    case backoff(until: Duration)
    /// An entry is being attempted; it is in `current`.
    case inFlight
    /// The entry in `current` was given up and is being reported as such.
    case reporting
  }

  var waiting: Deque<Entry> = []
  var current: Entry?
  /// nil before its first item has made it ready.
  var phase: Phase?
  /// Attempts that failed in a row, whatever the item. The wait depends on it: a newer item must not make a failing target be tried
  /// more often. How many attempts are left does not, for the newest item of a long outage has made none.
  var failures = 0
  /// Whether the last of them failed because the service did, and the time before which the service does not want the next.
  var isFailedByService = false
  var notBefore = Duration.zero

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
