import Clocks
import Configuration
import DurableLog
import Kubernetes
import Sensors
package import Telemetry
import Workers

/// What the pipeline counts and times. Labels come from the configuration and from our own fixed words.
package struct DeployerMetrics: Sendable {
  /// publishTime → the push's arrival: Pub/Sub's share, and the clocks' difference.
  let publishToReceipt: Histogram
  /// Arrival → decided, journaling included.
  let receiptToDecision: Histogram
  /// Decided → patch accepted, waiting and retries included.
  let decisionToPatch: Histogram
  let received: [String: Counter]
  let duplicates: [String: Counter]
  let refusedTokens: [String: Counter]
  let overloaded: Counter
  private let outcomes: [Outcome: Counter]
  private let rollouts: [Rollout.Result: Counter]
  private let attemptsFailed: [String: Counter]
  let replays: Counter

  package init(_ registry: MetricsRegistry, sources: [String]) {
    publishToReceipt = registry.histogram(
      "relaunch_publish_to_receipt_seconds", "From the message's publish time to the arrival of its push.")
    receiptToDecision = registry.histogram(
      "relaunch_receipt_to_decision_seconds", "From a push's arrival to the rules' decision, journaling included.")
    decisionToPatch = registry.histogram(
      "relaunch_decision_to_patch_seconds", "From the decision to the API server's acceptance of the patch.")
    func perSource(_ name: String, _ help: String) -> [String: Counter] {
      Dictionary(uniqueKeysWithValues: sources.map { ($0, registry.counter(name, help, [("source", $0)])) })
    }
    received = perSource("relaunch_events_received_total", "Messages made durable as new events.")
    duplicates = perSource("relaunch_events_duplicate_total", "Messages that were events already.")
    refusedTokens = perSource("relaunch_pushes_unauthorized_total", "Pushes refused for their token.")
    overloaded = registry.counter("relaunch_pushes_overloaded_total", "Pushes answered 429: too many wait.")
    outcomes = Dictionary(
      uniqueKeysWithValues: Outcome.allCases.map {
        ($0, registry.counter("relaunch_outcomes_total", "Ends of events and jobs.", [("outcome", $0.rawValue)]))
      })
    rollouts = Dictionary(
      uniqueKeysWithValues: Rollout.Result.allCases.map {
        ($0, registry.counter("relaunch_rollouts_total", "Ends of rollouts that were watched.", [("result", $0.rawValue)]))
      })
    let reasons = Disposition.RetryReason.allCases.map(\.rawValue) + Disposition.PermanentReason.allCases.map(\.rawValue)
    attemptsFailed = Dictionary(
      uniqueKeysWithValues: reasons.map {
        ($0, registry.counter("relaunch_attempts_failed_total", "Attempts that failed, by reason.", [("reason", $0)]))
      })
    replays = registry.counter("relaunch_dead_letters_replayed_total", "Dead letters that a person replayed.")
  }

  /// A gauge that is read from the pool when it is asked for.
  func observe(_ pool: Engine.Pool, in registry: MetricsRegistry) {
    registry.gauge("relaunch_api_circuit_open", "1 while restarts wait because the API server fails.") {
      pool.isCircuitOpen ? 1 : 0
    }
  }

  /// Counts an attempt that failed, whether it is repeated or not.
  /// - Parameter reason: the raw value of a `Disposition`'s reason.
  func attemptFailed(_ reason: String) { attemptsFailed[reason]?.add() }
  func ended(_ outcome: Outcome) { outcomes[outcome]?.add() }
  func ended(_ result: Rollout.Result) { rollouts[result]?.add() }

  /// What `/readyz` says.
  func observe(_ readiness: @escaping @Sendable () -> Readiness, in registry: MetricsRegistry) {
    registry.gauge("relaunch_ready", "1 while /readyz is 200: pushes can be taken.") { readiness().isReady ? 1 : 0 }
  }

  /// What is in force, and what is wrong with it.
  func observe(_ generations: GenerationStore, in registry: MetricsRegistry) {
    registry.gauge("relaunch_rules_sensors", "Sensors in force.") { Double(generations.current.rules.sensors.count) }
    registry.gauge("relaunch_rules_errors", "Errors in the files of rules and mapping; what was good before stays in force.") {
      Double(generations.problems.count { $0.severity == .error })
    }
  }

  /// Gauges that are read from the ledger when they are asked for.
  func observe(_ ledger: Ledger, by clock: any WallClock, in registry: MetricsRegistry) {
    registry.gauge("relaunch_backlog", "Events and jobs that are not finished.") { Double(ledger.read { $0.backlog }) }
    registry.gauge(
      "relaunch_backlog_oldest_seconds", "For how long the oldest of them has waited since it was received, or its work began."
    ) {
      ledger.read { $0.oldestWork }.map { max((clock.now() - $0).inSeconds, 0) } ?? 0
    }
    registry.gauge("relaunch_dead_letters", "Dead letters that wait for a person.") {
      Double(ledger.read { $0.deadLetters.count })
    }
    registry.gauge("relaunch_dead_letter_bytes", "About what memory holds for dead letters, in bytes.") {
      Double(ledger.read { $0.deadLetterBytes })
    }
    registry.gauge(
      "relaunch_dead_letters_forgotten", "Dead letters that `limits.deadLetters` and `limits.deadLetterBytes` left no room for."
    ) {
      Double(ledger.read { $0.forgottenDeadLetters })
    }
    registry.gauge("relaunch_rollouts_watched", "Rollouts that are watched, or wait to be.") {
      Double(ledger.read { $0.followUps.rollouts.count })
    }
    registry.gauge("relaunch_rollouts_forgotten", "Rollouts that were not watched because there were too many.") {
      Double(ledger.read { $0.followUps.forgottenRollouts })
    }
    registry.gauge("relaunch_history_events", "Events that memory keeps.") { Double(ledger.read { $0.count }) }
    registry.gauge("relaunch_log_segments", "Segments of the log.") { Double(ledger.counters.segments) }
    registry.gauge("relaunch_log_records", "Records appended since the start.") { Double(ledger.counters.appended) }
    registry.gauge("relaunch_log_syncs", "Batches made durable since the start, one fdatasync each.") {
      Double(ledger.counters.batches)
    }
    registry.gauge("relaunch_log_bytes", "Bytes of the log's files.") { Double(ledger.counters.usedBytes) }
    registry.gauge("relaunch_log_segments_removed", "Segments that retention has removed since the start.") {
      Double(ledger.counters.removedSegments)
    }
    registry.gauge("relaunch_log_room", "Room for more: 2 ample, 1 low (old segments go), 0 none (events are refused).") {
      switch ledger.counters.room {
      case .ample: 2
      case .low: 1
      case .none: 0
      }
    }
    registry.gauge("relaunch_log_gaps", "Places in the log where a repair found records missing.") { Double(ledger.gapCount) }
    registry.gauge("relaunch_known_messages", "Messages that are known, for telling redeliveries.") {
      Double(ledger.read { $0.known.count })
    }
    registry.gauge("relaunch_log_failed", "1 when the log takes nothing more.") { ledger.refusal == nil ? 0 : 1 }
  }
}
