import Clocks
import Configuration
import DurableLog
import Events
import Kubernetes
import Logging
import Sensors
import Telemetry
import Workers

/// Does one job: one attempt after the other, each ending in a record.
struct Worker: Sendable {
  /// nil: a dry run without a cluster.
  let restart: RolloutRestart?
  let namespaces: NamespacePolicy
  let skew: Duration
  let isDryRun: Bool
  /// Whether somebody watches what a restart has begun.
  let watchesRollouts: Bool
  let ledger: Ledger
  let completions: Completions
  let clock: any WallClock
  let metrics: DeployerMetrics
  let logger: Logger

  /// Makes one attempt at `job`.
  func attempt(_ job: Job, _ attempt: Int) async -> AttemptVerdict {
    guard case .restart(let kind, let namespace, let name) = job.firing.action else {
      return .finished(.nothing)
    }
    guard kind == "Deployment" else {
      return await bury(job, attempt, "unsupported", "\(job.target): only Deployments can be restarted by this version")
    }
    guard namespaces.allows(namespace) else {
      return await bury(
        job, attempt, "namespace",
        "\(job.target): the namespace is not in the list `kubernetes.namespaces` of the configuration; add it, restart the server and replay"
      )
    }
    guard let restart else {
      await end(job, .wouldRestart, "dry run without a cluster: the Deployment was not looked at", attempt, clock.now())
      return .finished(.nothing)
    }
    let request = RestartRequest(
      namespace: namespace, name: name, messageID: job.eventID, publishTime: job.publishTime, image: ImageReference(job.image),
      planned: planned(job), skew: skew, isDryRun: isDryRun)
    do throws(RestartError) {
      let report = try await restart.run(request) { plan in
        try await ledger.record(.planned(job: job.id, eventID: job.eventID, restartedAt: plan.value, at: clock.now()))
      }
      return await finish(job, attempt, report)
    } catch {
      return await failed(job, attempt, error)
    }
  }

  /// The value an earlier attempt made durable, in this process or before.
  private func planned(_ job: Job) -> Timestamp? { ledger.read { $0.jobs[job.id]?.planned } ?? job.planned }

  private func finish(_ job: Job, _ attempts: Int, _ report: RestartReport) async -> AttemptVerdict {
    let now = clock.now()
    let (outcome, text) = Self.outcome(report.outcome)
    if outcome == .succeeded { metrics.decisionToPatch.observe(now - job.startedAt) }
    let detail = ([text] + report.notes).joined(separator: "; ")
    await end(job, outcome, detail, attempts, now, watchesRollouts ? Rollout(report.outcome) : nil)
    return .finished(.available)
  }

  /// Records the end of a job.
  func end(
    _ job: Job, _ outcome: Outcome, _ detail: String, _ attempts: Int, _ now: Timestamp, _ rollout: Rollout? = nil
  ) async {
    do throws(LogError) {
      try await ledger.record(
        .finished(job: job.id, eventID: job.eventID, outcome, detail: detail, attempts: attempts, rollout: rollout, at: now))
    } catch {
      // The log is gone, and the process ends. After the next start the job runs again and finds its work done.
      logger.error("outcome not recorded", metadata: ["job": "\(job.id)", "error": "\(error)"])
      return
    }
    metrics.ended(outcome)
    logger.info(
      "finished",
      metadata: [
        "event_id": "\(job.eventID)", "job": "\(job.id)", "target": "\(job.target)", "outcome": "\(outcome.rawValue)",
        "detail": "\(detail)", "attempts": "\(attempts)",
      ])
    completions.check(job.eventID)
  }

  /// Records that `newer` does the work of `older`. Nobody waits for this record: if it is lost with the machine, the older job runs
  /// again and finds its work done.
  @Sendable func coalesced(_ older: Job, _ newer: Job) {
    let record = StateRecord.finished(
      job: older.id, eventID: older.eventID, .coalesced, detail: "into \(newer.id)", attempts: 0, at: clock.now())
    ledger.note(record) { [completions] _ in completions.check(older.eventID) }
    metrics.ended(.coalesced)
    logger.debug("coalesced", metadata: ["event_id": "\(older.eventID)", "job": "\(older.id)", "into": "\(newer.id)"])
  }

  private func failed(_ job: Job, _ attempt: Int, _ error: RestartError) async -> AttemptVerdict {
    let evidence = ServiceEvidence(error.serverHealth)
    switch error.disposition {
    case .permanent(let reason):
      metrics.attemptFailed(reason.rawValue)
      return await bury(job, attempt, reason.rawValue, "\(error)", evidence)
    case .doubtful(let reason, let retryAfter):
      return await failed(
        job, attempt,
        AttemptFailure(reason.rawValue, "\(error)", retryAfter: retryAfter, evidence: evidence, isRefusal: true))
    case .retry(let reason, let retryAfter):
      return await failed(
        job, attempt, AttemptFailure(reason.rawValue, "\(error)", retryAfter: retryAfter, evidence: evidence))
    }
  }

  private func failed(_ job: Job, _ attempt: Int, _ failure: AttemptFailure) async -> AttemptVerdict {
    metrics.attemptFailed(failure.reason)
    logger.warning(
      "attempt failed",
      metadata: [
        "event_id": "\(job.eventID)", "job": "\(job.id)", "target": "\(job.target)", "attempt": "\(attempt)",
        "reason": "\(failure.reason)", "error": "\(failure.detail)",
      ])
    // Where the log has failed there is nobody to tell.
    try? await ledger.record(
      .attemptFailed(job: job.id, eventID: job.eventID, attempt: attempt, error: failure.detail, at: clock.now()))
    return .failed(failure)
  }

  /// Ends a job that the retry policy has given up.
  @Sendable func exhausted(_ job: Job, _ end: Exhaustion) async {
    let tries = "\(job.target): \(end.attempts) attempt\(end.attempts == 1 ? "" : "s") failed; the last: \(end.last.detail)"
    let (reason, detail) =
      switch end.limit {
      // What the API server said is worth more than how often.
      case _ where end.last.isRefusal: (end.last.reason, end.last.detail)
      case .attempts, .refusals: ("exhausted", tries)
      case .deadline: ("expired", "the job is older than `retry.deadline` allows; \(tries)")
      }
    _ = await bury(job, end.attempts, reason, detail)
  }

  /// Ends a job as a dead letter.
  func bury(
    _ job: Job, _ attempts: Int, _ reason: String, _ detail: String, _ evidence: ServiceEvidence = .nothing
  ) async -> AttemptVerdict {
    var job = job
    job.planned = planned(job)
    let letter = DeadLetter(
      id: "\(job.eventID).dead\(job.id.dropFirst(job.eventID.count + 4))", eventID: job.eventID, job: job, reason: reason,
      detail: detail,
      attempts: attempts, firstAt: job.startedAt, lastAt: clock.now(), replayOf: job.replayOf)
    do throws(LogError) {
      try await ledger.record(.deadLetter(letter))
    } catch {
      logger.error("dead letter not recorded", metadata: ["job": "\(job.id)", "error": "\(error)"])
      return .finished(evidence)
    }
    metrics.ended(.dead)
    logger.warning(
      "dead letter",
      metadata: [
        "event_id": "\(job.eventID)", "job": "\(job.id)", "dead_letter": "\(letter.id)", "target": "\(job.target)",
        "reason": "\(reason)", "detail": "\(detail)", "attempts": "\(attempts)",
      ])
    completions.check(job.eventID)
    return .finished(evidence)
  }

  private static func outcome(_ outcome: RestartOutcome) -> (Outcome, String) {
    switch outcome {
    case .restarted(let value, let generation, _):
      (.succeeded, "restartedAt \(value.rfc3339WholeSeconds), generation \(generation)")
    case .alreadyDone(let value): (.succeeded, "an earlier attempt had restarted it: restartedAt \(value.rfc3339WholeSeconds)")
    case .superseded(let by): (.superseded, "it was restarted at \(by.rfc3339WholeSeconds), after the message was published")
    case .coalesced(let message, let at):
      (.coalesced, "the same image was rolled out at \(at.rfc3339) for message \(message) of the same push")
    case .skipped(.digestPinned):
      (.skipped, "every container of this image names a digest, so a restart would bring the same one back")
    case .wouldRestart(let value): (.wouldRestart, "dry run; restartedAt would be \(value.rfc3339WholeSeconds)")
    }
  }
}

extension ServiceEvidence {
  fileprivate init(_ health: ServerHealth) {
    self =
      switch health {
      case .working: .available
      case .failing: .unavailable
      case .unknown: .nothing
      }
  }
}
