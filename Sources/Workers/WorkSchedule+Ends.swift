/// How attempts end, and what follows for their lane and for the others.
extension WorkSchedule {
  /// What follows from a failed attempt.
  enum Failure: Sendable {
    case waits
    case coalesced(older: Item, newer: Item)
    case exhausted(Item, Exhaustion)
    /// The item was given back by `drain` meanwhile.
    case abandoned
  }

  /// The item in flight is done with.
  mutating func finish(_ key: Key, _ evidence: ServiceEvidence, now: Duration) {
    guard var lane = lanes[key], lane.isOccupied else { return }
    let isProbe = lane.current?.isProbe ?? false
    lane.failures = 0
    lane.isFailedByService = false
    vacate(&lane)
    if lane.waiting.isEmpty {
      lanes[key] = nil
    } else {
      makeReady(key, &lane)
      lanes[key] = lane
    }
    switch evidence {
    case .available: serviceWorked()
    case .nothing, .unavailable: circuit.passOver(isProbe: isProbe, now: now)
    }
  }

  /// The attempt at the item in flight failed.
  mutating func fail(_ key: Key, _ failure: AttemptFailure, now: Duration, _ coalesces: (Item, Item) -> Bool) -> Failure {
    guard var lane = lanes[key], lane.phase == .inFlight, var entry = lane.current else { return .abandoned }
    // While the circuit is open a failure says something about the service only, and is none of the item's.
    if !circuit.isOpen || failure.evidence != .unavailable {
      entry.attempts += 1
      if failure.isRefusal { entry.refusals += 1 }
      lane.failures += 1
    }
    lane.isFailedByService = failure.evidence == .unavailable
    lane.notBefore = now + (failure.retryAfter ?? .zero)
    lanes[key] = lane
    judgeService(failure, isProbe: entry.isProbe, now)
    lane = lanes[key] ?? lane
    entry.isProbe = false
    lane.current = entry
    // The one behind it may do its work too; that one inherits the wait, and has all its own attempts before it.
    let newer = lane.waiting.first.flatMap { coalesces(entry.item, $0.item) ? $0.item : nil }
    let limit = retry.limit(attempts: entry.attempts, refusals: entry.refusals, age: now - entry.bornAt)
    if newer == nil, let limit {
      lane.phase = .reporting
      lanes[key] = lane
      return .exhausted(entry.item, Exhaustion(limit: limit, attempts: entry.tries, last: failure))
    }
    vacate(&lane)
    if newer == nil { putBack(entry, &lane) }
    waitAfterFailure(key, &lane, failure, now)
    lanes[key] = lane
    return newer.map { .coalesced(older: entry.item, newer: $0) } ?? .waits
  }

  private mutating func waitAfterFailure(_ key: Key, _ lane: inout Lane, _ failure: AttemptFailure, _ now: Duration) {
    guard circuit.isOpen, lane.isFailedByService else {
      let wait = retry.wait(afterFailures: lane.failures, retryAfter: failure.retryAfter, using: &generator)
      return backOff(key, &lane, until: now + wait)
    }
    waitForService(key, &lane, now)
  }

  private mutating func backOff(_ key: Key, _ lane: inout Lane, until time: Duration) {
    lane.phase = .backoff(until: time)
    sleeps.append((.lane(key), time))
  }

  /// Makes a key wait for the circuit alone, and for the time that the service asked for.
  private mutating func waitForService(_ key: Key, _ lane: inout Lane, _ now: Duration) {
    if lane.notBefore > now { backOff(key, &lane, until: lane.notBefore) } else { makeReady(key, &lane) }
  }

  // MARK: The circuit

  private mutating func judgeService(_ failure: AttemptFailure, isProbe: Bool, _ now: Duration) {
    switch failure.evidence {
    case .available: serviceWorked()
    case .nothing: circuit.passOver(isProbe: isProbe, now: now)
    case .unavailable:
      let opening = circuit.fail(isProbe: isProbe, retryAfter: failure.retryAfter, now: now)
      if let time = circuit.probeAt, isProbe || opening != nil { sleeps.append((.circuit, time)) }
      guard let failures = opening else { return }
      circuitChange = .opened(failures: failures, last: failure)
      endServiceWaits(now)
    }
  }

  private mutating func serviceWorked() {
    if circuit.succeed() { circuitChange = .closed }
  }

  /// Ends the backoffs that came of failures of the service. From now on the circuit does the waiting, and once it is closed there is
  /// nothing more to wait for.
  private mutating func endServiceWaits(_ now: Duration) {
    let failed = lanes.filter { $0.value.isFailedByService }
    for (key, var lane) in failed.sorted(by: { ($0.value.waiting.first?.number ?? 0) < ($1.value.waiting.first?.number ?? 0) }) {
      lane.failures = 0
      if case .backoff(let time) = lane.phase, time > max(now, lane.notBefore) { waitForService(key, &lane, now) }
      lanes[key] = lane
    }
  }
}
