/// When a pool stops trying because the service that all its items need fails.
package struct CircuitPolicy: Hashable, Sendable {
  /// So many failures of the service in a row open the circuit; 0 never does.
  package var failuresLimit: Int
  /// From one attempt to the next while it is open.
  package var probeInterval: Duration

  package init(failuresLimit: Int, probeInterval: Duration = .seconds(30)) {
    self.failuresLimit = failuresLimit
    self.probeInterval = probeInterval
  }

  package static let none = CircuitPolicy(failuresLimit: 0)
}

/// A change that people want to hear of.
package enum CircuitChange: Hashable, Sendable {
  case opened(failures: Int, last: AttemptFailure)
  case closed
}

/// Whether attempts are worth making: open after so many failures in a row, then one probe at a time, closed by the first success.
struct Circuit: Sendable {
  private enum State: Hashable {
    case closed
    case open(probeAt: Duration)
    case probing
  }

  private let policy: CircuitPolicy
  private var state = State.closed
  private var failures = 0

  init(_ policy: CircuitPolicy) { self.policy = policy }

  var isOpen: Bool { state != .closed }

  /// When the next probe is due; nil while it is closed, and while a probe is under way.
  var probeAt: Duration? { if case .open(let time) = state { time } else { nil } }

  func allowsAttempt(at now: Duration) -> Bool {
    switch state {
    case .closed: true
    case .open(let time): time <= now
    case .probing: false
    }
  }

  /// An attempt begins. - Returns: whether it is a probe.
  mutating func begin() -> Bool {
    guard isOpen else { return false }
    state = .probing
    return true
  }

  /// An attempt ended and told nothing of the service.
  mutating func passOver(isProbe: Bool, now: Duration) {
    if isProbe, state == .probing { state = .open(probeAt: now) }
  }

  /// - Returns: whether it closes the circuit.
  mutating func succeed() -> Bool {
    defer { state = .closed }
    failures = 0
    return isOpen
  }

  /// - Returns: how many failures opened the circuit, if this one does.
  mutating func fail(isProbe: Bool, retryAfter: Duration?, now: Duration) -> Int? {
    let probeAt = now + max(policy.probeInterval, retryAfter ?? .zero)
    guard !isOpen else {
      // What began before the circuit opened says nothing about later.
      if isProbe { state = .open(probeAt: probeAt) }
      return nil
    }
    failures += 1
    guard policy.failuresLimit > 0, failures >= policy.failuresLimit else { return nil }
    state = .open(probeAt: probeAt)
    return failures
  }
}
