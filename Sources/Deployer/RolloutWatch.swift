import Clocks
import DurableLog
import JSON
import Kubernetes
import Logging
import OpenSSL
import Sensors

/// Watches rollouts that restarts have begun, until each is complete, has failed, or is another's: every few seconds a GET for each.
///
/// Which rollouts there are is in the log, and so is how each ended. What is known of one in between is not: after a start it is seen again.
struct RolloutWatch: Sendable {
  /// Rollouts that are watched at one time; of further ones the result is `unknown`.
  static let watchedLimit = 64
  /// GETs at one time.
  private static let callsLimit = 4
  static let interval = Duration.seconds(5)
  /// The Deployment controller is to say first that there is no progress.
  private static let grace = Duration.seconds(30)
  /// However much seems to happen, and however long the API server does not answer.
  private static let watchLimit = Duration.seconds(6 * 3600)

  let client: APIClient
  let ledger: Ledger
  let clock: any WallClock
  let metrics: DeployerMetrics
  let logger: Logger

  /// What was seen of one rollout so far.
  struct Sight: Sendable {
    let since: Duration
    var progress: RolloutStatus.Progress?
    var progressAt: Duration
    var template: SHA256Digest?

    init(at now: Duration) {
      since = now
      progressAt = now
    }
  }

  /// Runs until it is cancelled, or the log takes nothing more.
  func run(timer: some Clock<Duration>) async {
    let start = timer.now
    var sights: [String: Sight] = [:]
    while !Task.isCancelled {
      do { try await timer.sleep(for: Self.interval, tolerance: nil) } catch { return }
      let now = start.duration(to: timer.now)
      let all = ledger.read { Array($0.followUps.rollouts) }
      let watched = all.prefix(Self.watchedLimit)
      var ends = all.dropFirst(Self.watchedLimit).map { End($0, .unknown, "\(Self.watchedLimit) rollouts were watched already") }
      let known = sights
      sights = [:]
      for (watched, sight, end) in await look(watched, now, known) {
        if let end { ends.append(End(watched, end.result, end.detail)) } else { sights[watched.job.id] = sight }
      }
      if Task.isCancelled { return }
      do throws(LogError) { try await record(ends) } catch {
        return logger.error("rollout not recorded", metadata: ["error": "\(error)"])
      }
    }
  }

  // MARK: Looking

  typealias Verdict = (result: Rollout.Result, detail: String)
  private typealias Look = (WatchedRollout, Sight, Verdict?)

  /// Looks at each once, a few at a time.
  private func look(_ watched: ArraySlice<WatchedRollout>, _ now: Duration, _ known: [String: Sight]) async -> [Look] {
    await withTaskGroup(of: Look.self) { group in
      var rest = watched
      func addNext() {
        guard let next = rest.popFirst() else { return }
        let sight = known[next.job.id] ?? Sight(at: now)
        group.addTask { await look(next, sight, now) }
      }
      for _ in 0..<Self.callsLimit { addNext() }
      var looks: [Look] = []
      while let look = await group.next() {
        looks.append(look)
        addNext()
      }
      return looks
    }
  }

  private func look(_ watched: WatchedRollout, _ sight: Sight, _ now: Duration) async -> Look {
    guard case .restart(_, let namespace, let name) = watched.job.firing.action else {
      return (watched, sight, (.unknown, "it is no restart"))
    }
    var sight = sight
    do throws(APIError) {
      let object = try await client.get(.deployments, namespace: namespace, name: name)
      guard let status = RolloutStatus(object) else { return (watched, sight, (.unknown, "the answer is no Deployment")) }
      let verdict = Self.judge(status, watched.rollout, &sight, now)
      return (watched, sight, verdict)
    } catch {
      switch error.disposition {
      case .permanent, .doubtful: return (watched, sight, (.unknown, "\(error)"))
      case .retry: return (watched, sight, now - sight.since > Self.watchLimit ? (.unknown, "\(error)") : nil)
      }
    }
  }

  /// What `status` says of `rollout`; nil where it goes on.
  static func judge(_ status: RolloutStatus, _ rollout: Rollout, _ sight: inout Sight, _ now: Duration) -> Verdict? {
    // A new generation alone says little: whoever scales the Deployment makes one. Another template is another rollout.
    let template = SHA256.digest(of: status.template.serialized().span)
    guard status.restartedAt?.wholeSecond == rollout.restartedAt.wholeSecond, sight.template ?? template == template else {
      return (.superseded, "the pod template was changed again; the Deployment is at generation \(status.generation)")
    }
    sight.template = template
    switch status.state(since: rollout.generation) {
    case .complete(let text): return (.complete, text)
    case .failed(let text): return (.failed, text)
    case .waiting(let text):
      if sight.progress != status.progress {
        sight.progress = status.progress
        sight.progressAt = now
      }
      let text = status.isPaused ? "\(text) It is paused." : text
      if now - sight.progressAt > status.progressDeadline + Self.grace {
        return (.failed, "no progress within \(status.progressDeadline): \(text)")
      }
      return now - sight.since > Self.watchLimit ? (.unknown, "not complete after \(Self.watchLimit): \(text)") : nil
    }
  }

  // MARK: Recording

  private struct End {
    let watched: WatchedRollout
    let verdict: Verdict

    init(_ watched: WatchedRollout, _ result: Rollout.Result, _ detail: String) {
      self.watched = watched
      verdict = (result, detail)
    }
  }

  private func record(_ ends: [End]) async throws(LogError) {
    let records = ends.map { end in
      let job = end.watched.job
      return StateRecord.rollout(
        job: job.id, eventID: job.eventID, end.verdict.result, detail: end.verdict.detail, at: clock.now())
    }
    // The log keeps order: when the last is durable, the others are.
    for record in records.dropLast() { ledger.note(record) }
    if let last = records.last { try await ledger.record(last) }
    for end in ends {
      metrics.ended(end.verdict.result)
      let level: Logger.Level = end.verdict.result == .failed ? .warning : .info
      logger.log(
        level: level, "rollout ended",
        metadata: [
          "event_id": "\(end.watched.job.eventID)", "job": "\(end.watched.job.id)", "target": "\(end.watched.job.target)",
          "result": "\(end.verdict.result.rawValue)", "detail": "\(end.verdict.detail)",
        ])
    }
  }
}
