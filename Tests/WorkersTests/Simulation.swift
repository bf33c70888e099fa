import TestSupport
@testable import Workers

/// A schedule driven through virtual time: attempts take a moment, sleeps end when they are due, and nothing else passes the time.
struct Simulation {
  struct Item: Hashable, Sendable {
    let number: Int
    let target: String
    var claim = WorkClaim()
  }

  struct Attempt: Hashable {
    let item: Item
    let count: Int
    let at: Duration
  }

  private enum Due {
    case wake(WorkSchedule<String, Item>.Wake)
    case verdict(Attempt, AttemptVerdict)
  }

  private(set) var now = Duration.zero
  private(set) var attempts: [Attempt] = []
  private(set) var finished: [Item] = []
  private(set) var exhausted: [(item: Item, end: Exhaustion)] = []
  private(set) var changes: [CircuitChange] = []
  private var schedule: WorkSchedule<String, Item>
  private var due: [(at: Duration, what: Due)] = []
  private let verdict: (Attempt) -> AttemptVerdict
  /// How long one attempt takes.
  var attemptTime = Duration.milliseconds(20)

  /// - Parameter verdict: how an attempt that begins at its time ends.
  init(
    width: Int = 4, retry: RetryPolicy = RetryPolicy(), circuit: CircuitPolicy = .none, seed: UInt64 = 1,
    verdict: @escaping (Attempt) -> AttemptVerdict
  ) {
    schedule = WorkSchedule(
      width: width, waitingLimit: .max, retry: retry, circuit: circuit, generator: SplitMix(seed: seed))
    self.verdict = verdict
  }

  var isCircuitOpen: Bool { schedule.circuit.isOpen }
  var snapshot: WorkerPoolSnapshot { schedule.snapshot }

  /// A newer item of a target makes an older one needless.
  mutating func submit(_ item: Item, age: Duration = .zero) {
    _ = try? schedule.submit(item, for: item.target, claim: item.claim, age: age, now: now) { _, _ in true }
    take()
  }

  /// Lets the time pass up to `end`.
  mutating func run(until end: Duration) {
    take()
    while let next = due.indices.min(by: { due[$0].at < due[$1].at }), due[next].at <= end {
      let (time, what) = due.remove(at: next)
      now = max(now, time)
      switch what {
      case .wake(let wake): schedule.wake(wake, at: time)
      case .verdict(let attempt, .finished(let evidence)):
        schedule.finish(attempt.item.target, evidence, now: now)
        finished.append(attempt.item)
      case .verdict(let attempt, .failed(let failure)):
        if case .exhausted(let item, let end) = schedule.fail(attempt.item.target, failure, now: now, { _, _ in true }) {
          exhausted.append((item, end))
          schedule.finish(attempt.item.target, .nothing, now: now)
        }
      }
      take()
    }
    now = max(now, end)
  }

  private mutating func take() {
    if let change = schedule.circuitChange { changes.append(change) }
    schedule.circuitChange = nil
    while let step = schedule.next(now: now) {
      switch step {
      case .attempt(_, let item, let count):
        let attempt = Attempt(item: item, count: count, at: now)
        attempts.append(attempt)
        due.append((now + attemptTime, .verdict(attempt, verdict(attempt))))
      case .sleep(let wake, let time): due.append((time, .wake(wake)))
      case .end: return
      }
    }
  }
}
