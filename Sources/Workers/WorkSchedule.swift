import DequeModule

/// The decisions of a pool, as a value: what may start, what waits, what ends how. It calls nobody and knows no clock.
struct WorkSchedule<Key: Hashable & Sendable, Item: Sendable>: Sendable {
  typealias Lane = WorkLane<Item>

  /// What the pool's loop does next.
  enum Step: Sendable {
    case attempt(Key, Item, attempt: Int)
    /// Call `wake` for the key at that time.
    case sleep(Key, until: Duration)
    case end
  }

  /// What follows from a failed attempt.
  enum Failure: Sendable {
    case waits
    case coalesced(older: Item, newer: Item)
    case exhausted(Item, attempts: Int)
    /// The item was given back by `drain` meanwhile.
    case abandoned
  }

  private let width: Int
  private let waitingLimit: Int
  private let retry: RetryPolicy
  private var generator: any RandomNumberGenerator & Sendable
  private var lanes: [Key: Lane] = [:]
  /// The keys whose first entry may start, first come first served.
  private var ready: Deque<Key> = []
  private var sleeps: Deque<(key: Key, until: Duration)> = []
  private var occupied = 0
  private var waiting = 0
  private var submissions: UInt64 = 0
  private(set) var isDraining = false
  private var hasStopped = false

  init(width: Int, waitingLimit: Int, retry: RetryPolicy, generator: any RandomNumberGenerator & Sendable) {
    self.width = max(1, width)
    self.waitingLimit = waitingLimit
    self.retry = retry
    self.generator = generator
  }

  var snapshot: WorkerPoolSnapshot {
    let inBackoff = lanes.values.count { $0.isInBackoff }
    return WorkerPoolSnapshot(waiting: waiting, inFlight: occupied, inBackoff: inBackoff)
  }

  var isIdle: Bool { occupied == 0 }

  /// Takes an item; returns those that end as coalesced into it, oldest first.
  mutating func submit(_ item: Item, for key: Key, _ coalesces: (Item, Item) -> Bool) throws(WorkerPoolError) -> [Item] {
    guard !isDraining, !hasStopped else { throw .draining }
    var lane = lanes[key] ?? Lane()
    let coalesced = lane.removeCoalesced(into: item, coalesces)
    guard waiting - coalesced.count < waitingLimit else { throw .overloaded(waiting: waiting) }
    submissions += 1
    lane.waiting.append(Lane.Entry(item: item, number: submissions))
    waiting += 1 - coalesced.count
    if lanes[key] == nil { ready.append(key) }
    lanes[key] = lane
    return coalesced
  }

  /// The next step, or nil when there is nothing to do until something changes.
  mutating func next() -> Step? {
    if hasStopped || (isDraining && isIdle) { return .end }
    if isDraining { return nil }
    if let sleep = sleeps.popFirst() { return .sleep(sleep.key, until: sleep.until) }
    guard occupied < width, let key = ready.popFirst(), var lane = lanes[key], let entry = lane.waiting.popFirst() else {
      return nil
    }
    lane.current = entry
    lane.phase = .inFlight
    occupied += 1
    waiting -= 1
    lanes[key] = lane
    return .attempt(key, entry.item, attempt: entry.attempts + 1)
  }

  /// The item in flight is done with.
  mutating func finish(_ key: Key) {
    guard var lane = lanes[key], lane.isOccupied else { return }
    lane.failures = 0
    vacate(key, &lane)
    if lane.waiting.isEmpty {
      lanes[key] = nil
    } else {
      lane.phase = .ready
      lanes[key] = lane
      ready.append(key)
    }
  }

  /// The attempt at the item in flight failed.
  mutating func fail(_ key: Key, retryAfter: Duration?, now: Duration, _ coalesces: (Item, Item) -> Bool) -> Failure {
    guard var lane = lanes[key], lane.phase == .inFlight, var entry = lane.current else { return .abandoned }
    lane.failures += 1
    entry.attempts += 1
    // The one behind it may do its work too; that one inherits the wait, and has all its own attempts before it.
    let newer = lane.waiting.first.flatMap { coalesces(entry.item, $0.item) ? $0.item : nil }
    guard newer != nil || retry.allowsAnother(after: entry.attempts) else {
      lane.phase = .reporting
      lanes[key] = lane
      return .exhausted(entry.item, attempts: entry.attempts)
    }
    vacate(key, &lane)
    let until = now + retry.wait(afterFailures: lane.failures, retryAfter: retryAfter, using: &generator)
    lane.phase = .backoff(until: until)
    sleeps.append((key, until))
    defer { lanes[key] = lane }
    if let newer { return .coalesced(older: entry.item, newer: newer) }
    lane.waiting.prepend(entry)
    waiting += 1
    return .waits
  }

  /// A sleep is over: the key may start again, if it is this sleep that it waited for.
  mutating func wake(_ key: Key, at time: Duration) {
    guard lanes[key]?.phase == .backoff(until: time) else { return }
    lanes[key]?.phase = .ready
    ready.append(key)
  }

  mutating func startDraining() { isDraining = true }

  /// Ends everything. What waits or is in flight is given back in the order it was submitted; what is being reported as exhausted
  /// has ended already.
  mutating func stop() -> [Item] {
    isDraining = true
    hasStopped = true
    let entries = lanes.values.flatMap { lane in
      lane.phase == .inFlight ? [lane.current].compactMap(\.self) + lane.waiting : Array(lane.waiting)
    }
    lanes = [:]
    ready = []
    sleeps = []
    occupied = 0
    waiting = 0
    return entries.sorted { $0.number < $1.number }.map(\.item)
  }

  private mutating func vacate(_ key: Key, _ lane: inout Lane) {
    lane.current = nil
    occupied -= 1
  }
}
