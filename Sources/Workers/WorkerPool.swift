import Locks

/// Attempts items until they end, a bounded number at a time, one at a time for each key, in order for each key.
///
/// Every item that was taken ends exactly once: it finishes, it is coalesced into a newer item of its key, the retry policy gives it up,
/// or `drain` gives it back. Each item has all the attempts of the policy, but the wait between them is the key's: a key whose attempt
/// failed waits out its backoff whatever is submitted for it meanwhile. What an item claims, a place in a group or a permission of a
/// rate, it claims for each attempt; an item that waits for it keeps only those of its own key waiting.
///
/// While the circuit is open, one attempt at a time probes the service, and no failure of the service counts as an item's. When it
/// closes, whatever waited because of the service starts at once.
package final class WorkerPool<Key: Hashable & Sendable, Item: Sendable>: Sendable {
  private typealias Schedule = WorkSchedule<Key, Item>

  /// Makes one attempt; the second argument counts the item's attempts from 1. It should end early when its task is cancelled.
  package typealias Perform = @Sendable (Item, Int) async -> AttemptVerdict

  private struct State: Sendable {
    var schedule: Schedule
    /// The loop of `run`, while it waits for something to do.
    var loop: CheckedContinuation<Schedule.Step, Never>?
    /// `drain`, while it waits for what is in flight.
    var drain: CheckedContinuation<Void, Never>?
    var hasDrainEnded = false
  }

  private let state: Mutex<State>
  private let timeline: Timeline
  private let claim: @Sendable (Item) -> WorkClaim
  private let coalesces: @Sendable (_ older: Item, _ newer: Item) -> Bool
  private let coalesced: @Sendable (_ older: Item, _ newer: Item) -> Void
  private let circuitChanged: @Sendable (CircuitChange) -> Void
  private let exhausted: @Sendable (Item, Exhaustion) async -> Void
  private let perform: Perform

  /// - Parameters:
  ///   - width: attempts in flight at most.
  ///   - waitingLimit: items not in flight at most; one more is refused.
  ///   - generator: draws the jitter.
  ///   - claim: says what an item takes up while it is attempted. Called once for each item, when it is submitted.
  ///   - coalesces: says whether `newer` makes `older`, of the same key and still waiting, needless. Called under the pool's lock:
  ///     it must be quick and call nothing of the pool.
  ///   - coalesced: is told of each item that ended so.
  ///   - circuitChanged: is told when the circuit opens and closes.
  ///   - exhausted: is told of each item that the retry policy gave up. Its key stays occupied until this returns.
  package init(
    width: Int, waitingLimit: Int, retry: RetryPolicy = RetryPolicy(), circuit: CircuitPolicy = .none,
    clock: any Clock<Duration> = ContinuousClock(),
    generator: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
    claim: @escaping @Sendable (Item) -> WorkClaim = { _ in WorkClaim() },
    coalesces: @escaping @Sendable (_ older: Item, _ newer: Item) -> Bool = { _, _ in false },
    coalesced: @escaping @Sendable (_ older: Item, _ newer: Item) -> Void = { _, _ in },
    circuitChanged: @escaping @Sendable (CircuitChange) -> Void = { _ in },
    exhausted: @escaping @Sendable (Item, Exhaustion) async -> Void,
    perform: @escaping Perform
  ) {
    let schedule = Schedule(width: width, waitingLimit: waitingLimit, retry: retry, circuit: circuit, generator: generator)
    state = Mutex(State(schedule: schedule))
    timeline = Timeline(clock)
    self.claim = claim
    self.coalesces = coalesces
    self.coalesced = coalesced
    self.circuitChanged = circuitChanged
    self.exhausted = exhausted
    self.perform = perform
  }

  /// Takes an item, to be attempted when its key and a worker are free. Never blocks. May be called before `run`.
  ///
  /// - Parameter age: how old the item is already, for the retry policy's deadline.
  package func submit(_ item: Item, for key: Key, age: Duration = .zero) throws(WorkerPoolError) {
    let claim = claim(item)
    let older = try change { schedule, now throws(WorkerPoolError) in
      try schedule.submit(item, for: key, claim: claim, age: age, now: now, coalesces)
    }
    for older in older { coalesced(older, item) }
  }

  /// Works until `drain` ends it or the task is cancelled, which cancels the attempts in flight. Run it once.
  package func run() async {
    await withTaskCancellationHandler {
      await withDiscardingTaskGroup { attempts in
        await withDiscardingTaskGroup { timers in
          loop: while true {
            switch await nextStep() {
            case .attempt(let key, let item, let attempt):
              attempts.addTask { await self.attempt(item, key, attempt) }
            case .sleep(let wake, let time):
              timers.addTask {
                await self.timeline.sleep(time)
                // A sleep that was cut short is no end of a wait: the retry would come at once.
                guard !Task.isCancelled else { return }
                self.change { schedule, _ in schedule.wake(wake, at: time) }
              }
            case .end:
              break loop
            }
          }
          timers.cancelAll()
        }
        attempts.cancelAll()
      }
    } onCancel: {
      // What was taken stays, for `drain` to give back.
      change { schedule, _ in schedule.startDraining() }
      endDrain()
    }
  }

  /// Takes nothing more, starts nothing more, lets the attempts in flight finish, and ends `run`.
  ///
  /// - Parameter limit: how long to wait; attempts that are still in flight then are cancelled, and their items given back too.
  /// - Returns: the items that have not ended, in the order they were submitted.
  package func drain(within limit: Duration) async -> [Item] {
    change { schedule, _ in schedule.startDraining() }
    let deadline = timeline.now() + limit
    await withDiscardingTaskGroup { group in
      group.addTask {
        await self.timeline.sleep(deadline)
        self.endDrain()
      }
      await idle()
      group.cancelAll()
    }
    return change { schedule, _ in schedule.stop() }
  }

  /// Ends the wait of a `drain` that is under way, or to come.
  package func hurry() { endDrain() }

  package var snapshot: WorkerPoolSnapshot { state.withLock { $0.schedule.snapshot } }

  /// Whether attempts wait because the service that they need fails.
  package var isCircuitOpen: Bool { state.withLock { $0.schedule.circuit.isOpen } }

  // MARK: - Inside

  private func attempt(_ item: Item, _ key: Key, _ attempt: Int) async {
    switch await perform(item, attempt) {
    case .finished(let evidence):
      change { schedule, now in schedule.finish(key, evidence, now: now) }
    case .failed(let failure):
      switch change({ schedule, now in schedule.fail(key, failure, now: now, coalesces) }) {
      case .waits, .abandoned:
        break
      case .coalesced(let older, let newer):
        coalesced(older, newer)
      case .exhausted(let item, let exhaustion):
        await exhausted(item, exhaustion)
        change { schedule, now in schedule.finish(key, .nothing, now: now) }
      }
    }
  }

  /// Changes the schedule, then tells whoever waited for that: the loop when it has something to do, `drain` when nothing is left in
  /// flight, the owner when the circuit has changed.
  private func change<Result, Failure: Error>(
    _ body: (inout Schedule, _ now: Duration) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var step: (loop: CheckedContinuation<Schedule.Step, Never>, step: Schedule.Step)?
    var drain: CheckedContinuation<Void, Never>?
    var circuit: CircuitChange?
    defer {
      circuit.map { circuitChanged($0) }
      step.map { $0.loop.resume(returning: $0.step) }
      drain?.resume()
    }
    return try state.withLock { state throws(Failure) in
      let now = timeline.now()
      let result = try body(&state.schedule, now)
      circuit = state.schedule.circuitChange
      state.schedule.circuitChange = nil
      if let loop = state.loop, let next = state.schedule.next(now: now) {
        step = (loop, next)
        state.loop = nil
      }
      if state.schedule.isDraining, state.schedule.isIdle {
        drain = state.drain
        state.drain = nil
      }
      return result
    }
  }

  private func nextStep() async -> Schedule.Step {
    await withCheckedContinuation { continuation in
      let step = state.withLock { state in
        let step = state.schedule.next(now: timeline.now())
        if step == nil { state.loop = continuation }
        return step
      }
      if let step { continuation.resume(returning: step) }
    }
  }

  private func idle() async {
    await withCheckedContinuation { continuation in
      let isIdle = state.withLock { state in
        if state.schedule.isIdle || state.hasDrainEnded { return true }
        state.drain = continuation
        return false
      }
      if isIdle { continuation.resume() }
    }
  }

  /// Stops waiting for what is in flight.
  private func endDrain() {
    let waiter = state.withLock { state in
      state.hasDrainEnded = true
      defer { state.drain = nil }
      return state.drain
    }
    waiter?.resume()
  }
}
