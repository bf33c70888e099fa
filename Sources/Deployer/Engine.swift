import Clocks
import Configuration
import Dispatch
import Events
import Logging
import Sensors
import Locks
import Telemetry
import Workers

/// Takes durable events, one after the other, to their decision, and hands the jobs to the pool.
final class Engine: Sendable {
  typealias Pool = WorkerPool<String, Job>

  private let ledger: Ledger
  private let pool: Pool
  private let running: RunningFile
  private let generation: @Sendable () -> Generation
  private let clock: any WallClock
  private let metrics: DeployerMetrics
  private let logger: Logger
  private let queue = DispatchQueue(label: "relaunch.engine")
  private let inbox = Mutex(Inbox())
  /// Told when every job of an event has ended, for sources that answer then.
  private let completions: Completions

  init(
    ledger: Ledger, pool: Pool, completions: Completions, running: RunningFile, generation: @escaping @Sendable () -> Generation,
    clock: any WallClock, metrics: DeployerMetrics, logger: Logger
  ) {
    self.ledger = ledger
    self.pool = pool
    self.completions = completions
    self.running = running
    self.generation = generation
    self.clock = clock
    self.metrics = metrics
    self.logger = logger
  }

  /// Queues a new event. Events of one commit share one hop; in a burst, those of several do.
  func take(_ event: Event) {
    switch inbox.withLock({ $0.add(event) }) {
    case .joinOthers: break
    case .decideNow: queue.async { self.decideWaiting() }
    case .decideLater(let delay): queue.asyncAfter(deadline: .now() + delay) { self.decideWaiting() }
    }
  }

  private func decideWaiting() {
    let events = inbox.withLock { $0.empty() }
    let judge = Judge(generation: generation())
    // Those of a burst go unnamed, for naming each would cost more than a rule does. If one of them ends the process, all that are
    // not decided then are decided one at a time, under their names.
    running.isDeciding(events.count == 1 ? events[0].id : nil)
    var decisions = events.map { judge.rule(on: $0, round: 0, at: clock.now()) }
    StateRecord.Decision.coalesce(&decisions)
    // The last first: what a decision is coalesced into is in the log before it is.
    for decision in decisions.reversed() { record(decision) }
    for (event, decision) in zip(events, decisions) { carryOut(decision, on: event) }
    running.hasDecided()
  }

  /// Reads an event again and decides it anew, for a replay or because an earlier process did not come to it. The decision is recorded
  /// after whatever has been recorded before.
  func decideAgain(_ entry: EventIndex.Entry, for replay: Replay? = nil) {
    queue.async {
      self.running.isDeciding(entry.id)
      do {
        let event = try self.ledger.event(entry)
        let decision = Judge(generation: self.generation()).rule(
          on: event, round: replay?.round ?? entry.recordCount, at: self.clock.now(), for: replay)
        self.record(decision)
        self.carryOut(decision, on: event)
      } catch {
        self.giveUp(entry, error, replay)
      }
      self.running.hasDecided()
    }
  }

  /// Ends an event that cannot be decided because its record cannot be read again. The dead letter can be replayed once it can.
  private func giveUp(_ entry: EventIndex.Entry, _ error: any Error, _ replay: Replay?) {
    giveUp(
      entry, "unreadable",
      "its record in the log cannot be read again, so it was not decided: \(error); replay it once the record can be read, "
        + "or push the image again", replay)
  }

  /// Ends an event without a decision, as a dead letter.
  func giveUp(_ entry: EventIndex.Entry, _ reason: String, _ detail: String, _ replay: Replay? = nil) {
    let decision = StateRecord.Decision(
      givingUp: entry.id, receivedAt: entry.receivedAt, round: replay?.round ?? entry.recordCount,
      generation: generation().name, image: entry.image, reason: reason, detail: detail, at: clock.now(), replay: replay)
    record(decision)
    log(decision, ofEvent: entry.id, messageID: nil, source: entry.source)
  }

  /// Nobody waits for this record: a patch is sent after a later one is durable, and the log keeps order. If it is lost with the
  /// machine, the event is decided again.
  private func record(_ decision: StateRecord.Decision) {
    ledger.note(.decision(decision)) { [completions] _ in completions.check(decision.eventID) }
  }

  private func carryOut(_ decision: StateRecord.Decision, on event: Event) {
    // A replay is as late as the person who asked for it.
    if decision.replayOf == nil { metrics.receiptToDecision.observe(decision.at - event.receivedAt) }
    log(decision, ofEvent: event.id, messageID: event.message.messageID, source: event.source)
    for job in decision.jobs { submit(job) }
  }

  /// Hands a job to the pool. The backlog's limit is kept at the door, so the pool refuses only while the server stops; then the
  /// job is in the log and runs after the next start.
  func submit(_ job: Job) {
    do throws(WorkerPoolError) {
      // What is as old as this process ages by the monotonic clock alone, whatever is done to the time of day.
      try pool.submit(job, for: job.target, age: max(.zero, clock.now() - job.startedAt))
    } catch {
      logger.info("job postponed", metadata: ["job": "\(job.id)", "reason": "\(error)"])
    }
  }

  private func log(_ decision: StateRecord.Decision, ofEvent id: String, messageID: String?, source: String) {
    if let outcome = decision.outcome { metrics.ended(outcome) }
    for letter in decision.deadLetters {
      metrics.ended(.dead)
      logger.warning(
        "dead letter",
        metadata: [
          "event_id": "\(id)", "dead_letter": "\(letter.id)", "source": "\(source)", "reason": "\(letter.reason)",
          "detail": "\(letter.detail)",
        ])
    }
    logger.info(
      "decided",
      metadata: [
        "event_id": .string(id), "message_id": .string(messageID ?? "-"), "source": .string(source),
        "image": .string(decision.image ?? "-"),
        "outcome": .string(decision.outcome?.rawValue ?? (decision.jobs.isEmpty ? "dead" : "run")),
        "jobs": .string(decision.jobs.map(\.target).joined(separator: ",")), "reason": .string(decision.reason),
        "generation": .string(decision.generation),
      ])
  }
}

/// Events that wait for their decision.
private struct Inbox {
  enum Arrival {
    case joinOthers
    case decideNow
    case decideLater(DispatchTimeInterval)
  }

  private var events: [Event] = []
  /// How long the next events are gathered; nil while they come one by one.
  private var gathering: DispatchTimeInterval?

  mutating func add(_ event: Event) -> Arrival {
    defer { events.append(event) }
    guard events.isEmpty else { return .joinOthers }
    return gathering.map(Arrival.decideLater) ?? .decideNow
  }

  mutating func empty() -> [Event] {
    defer { events = [] }
    gathering = Self.gathering(after: events.count)
    return events
  }

  /// An event alone is decided at once. In a burst each hop to the queue costs more than a decision, and events decided together are
  /// coalesced before they are journaled: the more of them, the fewer restarts of the same workload.
  private static func gathering(after count: Int) -> DispatchTimeInterval? {
    switch count {
    case ..<8: nil
    case ..<32: .milliseconds(2)
    default: .milliseconds(20)
    }
  }
}
