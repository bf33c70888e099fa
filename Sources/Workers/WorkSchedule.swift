import DequeModule

/// The decisions of a pool, as a value: what may start, what waits, what ends how. It calls nobody and knows no clock.
struct WorkSchedule<Key: Hashable & Sendable, Item: Sendable>: Sendable {
  typealias Lane = WorkLane<Key, Item>

  /// What a sleep is for.
  enum Wake: Hashable, Sendable {
    /// The key's backoff.
    case lane(Key)
    /// The next permission of the rate of that name.
    case rate(String)
    /// The next probe.
    case circuit
  }

  /// What the pool's loop does next.
  enum Step: Sendable {
    /// - attempt: counts the item's attempts from 1.
    case attempt(Key, Item, attempt: Int)
    /// Call `wake` at that time.
    case sleep(Wake, until: Duration)
    case end
  }

  private let width: Int
  private let waitingLimit: Int
  let retry: RetryPolicy
  var generator: any RandomNumberGenerator & Sendable
  var lanes: [Key: Lane] = [:]
  private var ready = ReadyQueue<Key>()
  var sleeps: Deque<(wake: Wake, until: Duration)> = []
  /// Attempts in flight of each group; no zeros.
  private var running: [String: Int] = [:]
  private var rates = RateBuckets()
  /// The rates that a sleep is under way for, and until when.
  private var rateSleeps: [String: Duration] = [:]
  var circuit: Circuit
  /// The last change of the circuit that nobody was told of.
  var circuitChange: CircuitChange?
  private var occupied = 0
  private var waiting = 0
  private var submissions: UInt64 = 0
  private(set) var isDraining = false
  private var hasStopped = false

  init(
    width: Int, waitingLimit: Int, retry: RetryPolicy, circuit: CircuitPolicy = .none,
    generator: any RandomNumberGenerator & Sendable
  ) {
    self.width = max(1, width)
    self.waitingLimit = waitingLimit
    self.retry = retry
    self.circuit = Circuit(circuit)
    self.generator = generator
  }

  var snapshot: WorkerPoolSnapshot {
    let inBackoff = lanes.values.count { $0.isInBackoff }
    return WorkerPoolSnapshot(waiting: waiting, inFlight: occupied, inBackoff: inBackoff)
  }

  var isIdle: Bool { occupied == 0 }

  /// Takes an item that is `age` old; returns those that end as coalesced into it, oldest first.
  mutating func submit(
    _ item: Item, for key: Key, claim: WorkClaim = WorkClaim(), age: Duration = .zero, now: Duration,
    _ coalesces: (Item, Item) -> Bool
  ) throws(WorkerPoolError) -> [Item] {
    guard !isDraining, !hasStopped else { throw .draining }
    var lane = lanes[key] ?? Lane()
    let first = lane.waiting.first
    let coalesced = lane.removeCoalesced(into: item, coalesces)
    guard waiting - coalesced.count < waitingLimit else { throw .overloaded(waiting: waiting) }
    submissions += 1
    lane.waiting.append(Lane.Entry(item: item, number: submissions, claim: claim, bornAt: now - age))
    waiting += 1 - coalesced.count
    if lane.phase == nil {
      makeReady(key, &lane)
    } else if case .ready(let ticket) = lane.phase, let old = first?.claim, let new = lane.waiting.first?.claim {
      ready.change(ticket, from: old, to: new)
    }
    lanes[key] = lane
    return coalesced
  }

  /// The next step, or nil when there is nothing to do until something changes.
  mutating func next(now: Duration) -> Step? {
    if hasStopped || (isDraining && isIdle) { return .end }
    if isDraining { return nil }
    if let sleep = sleeps.popFirst() { return .sleep(sleep.wake, until: sleep.until) }
    if occupied < width, circuit.allowsAttempt(at: now), let key = takeReady(now) { return start(key, now) }
    return sleeps.popFirst().map { .sleep($0.wake, until: $0.until) }
  }

  /// The first key whose groups have room and whose rate has a permission. Sees to it that the others are looked at again in time.
  private mutating func takeReady(_ now: Duration) -> Key? {
    var due: [(name: String, at: Duration)] = []
    let (running, rates) = (running, rates)
    let key = ready.takeFirst { claim in
      guard claim.groups.allSatisfy({ running[$0.name, default: 0] < $0.limit }) else { return false }
      guard let rate = claim.rate, case let time = rates.next(rate, now: now), time > now else { return true }
      due.append((rate.name, time))
      return false
    }
    for (name, time) in due where rateSleeps[name].map({ $0 > time }) ?? true {
      rateSleeps[name] = time
      sleeps.append((.rate(name), time))
    }
    return key
  }

  private mutating func start(_ key: Key, _ now: Duration) -> Step? {
    guard var lane = lanes[key], var entry = lane.waiting.popFirst() else { return nil }
    for group in entry.claim.groups { running[group.name, default: 0] += 1 }
    if let rate = entry.claim.rate { rates.take(rate, now: now) }
    entry.isProbe = circuit.begin()
    entry.tries += 1
    lane.current = entry
    lane.phase = .inFlight
    occupied += 1
    waiting -= 1
    lanes[key] = lane
    return .attempt(key, entry.item, attempt: entry.tries)
  }

  /// A sleep is over. A key may start again if it is this sleep that it waited for; the others are looked at by the next `next`.
  mutating func wake(_ wake: Wake, at time: Duration) {
    switch wake {
    case .lane(let key):
      guard var lane = lanes[key], lane.phase == .backoff(until: time) else { return }
      makeReady(key, &lane)
      lanes[key] = lane
    case .rate(let name): if rateSleeps[name] == time { rateSleeps[name] = nil }
    case .circuit: break
    }
  }

  mutating func startDraining() { isDraining = true }

  /// Ends everything. What waits or is in flight is given back in the order it was submitted; what is being reported as given up has
  /// ended already.
  mutating func stop() -> [Item] {
    isDraining = true
    hasStopped = true
    let entries = lanes.values.flatMap { lane in
      lane.phase == .inFlight ? [lane.current].compactMap(\.self) + lane.waiting : Array(lane.waiting)
    }
    lanes = [:]
    ready = ReadyQueue()
    sleeps = []
    running = [:]
    occupied = 0
    waiting = 0
    return entries.sorted { $0.number < $1.number }.map(\.item)
  }

  // MARK: Lanes

  /// Puts a key that has an entry into the ready queue.
  mutating func makeReady(_ key: Key, _ lane: inout Lane) {
    guard let claim = lane.waiting.first?.claim else { return }
    lane.phase = .ready(ready.append(key, claim))
  }

  /// Puts an entry that failed back in front.
  mutating func putBack(_ entry: Lane.Entry, _ lane: inout Lane) {
    lane.waiting.prepend(entry)
    waiting += 1
  }

  /// The attempt at the lane's entry is over.
  mutating func vacate(_ lane: inout Lane) {
    for group in lane.current?.claim.groups ?? [] {
      let count = running[group.name, default: 0]
      running[group.name] = count > 1 ? count - 1 : nil
    }
    lane.current = nil
    occupied -= 1
  }
}
