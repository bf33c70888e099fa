import Clocks
import DequeModule
import Notifications

/// What follows from the log's records beside the restarts themselves: notices that are to be sent, rollouts that are to be watched.
///
/// A value without I/O, a part of the index: records make it, and a record takes out of it what was done. Bounded in each of its parts.
struct FollowUps: Sendable {
  /// Rollouts that memory keeps to be watched; beyond it the oldest are forgotten.
  static let rolloutsLimit = 1024

  private(set) var outbox = Outbox()
  /// The oldest first.
  private(set) var rollouts: Deque<WatchedRollout> = []
  /// Rollouts that were forgotten because there were more than the limit.
  private(set) var forgottenRollouts = 0
  /// Workloads for which something was given up, and that were not restarted since.
  private var dead = RecentTargets()
  /// Workloads whose last rollout that was watched has failed.
  private var failed = RecentTargets()

  /// - Parameters:
  ///   - entry: the event of the record, as it was before; nil where the index has forgotten it.
  ///   - job: the job that the record is about, where it was open.
  mutating func apply(_ record: StateRecord, _ entry: EventIndex.Entry?, _ job: Job?) {
    switch record {
    case .receivers(let subscriptions, _): outbox.use(subscriptions)
    case .notified(let receiver, let key, _, _, _, _): outbox.settle(key, for: receiver)
    case .decision(let decision):
      for letter in decision.deadLetters { died(letter, entry, image: decision.image) }
    case .deadLetter(let letter): died(letter, entry, image: entry?.image)
    case .finished(_, _, let outcome, let detail, _, let rollout, let at):
      guard let entry, let job else { return }
      finished(job, entry, outcome, detail, at)
      if let rollout { watch(WatchedRollout(job: job, source: entry.source, rollout: rollout)) }
    case .rollout(let job, _, let result, let detail, let at): ended(job, result, detail, at)
    case .planned, .attemptFailed, .crashed, .replayed, .discarded: break
    }
  }

  /// All that the log says of receivers was applied.
  mutating func finishReplay() { outbox.finishReplay() }

  private mutating func died(_ letter: DeadLetter, _ entry: EventIndex.Entry?, image: String?) {
    guard let entry else { return }
    if let target = letter.job?.target { dead.insert(target) }
    outbox.post(
      Notice(
        Notice.Key(.dead, letter.id), eventID: letter.eventID, source: entry.source, target: letter.job?.target, image: image,
        reason: letter.reason, detail: letter.detail, at: letter.lastAt))
  }

  /// A restart that somebody else made after the push has done the work as well.
  private mutating func finished(_ job: Job, _ entry: EventIndex.Entry, _ outcome: Outcome, _ detail: String, _ at: Timestamp) {
    guard outcome == .succeeded || outcome == .superseded else { return }
    let wasDead = dead.remove(job.target)
    guard wasDead || job.replayOf != nil else { return }
    let words = job.replayOf.map { "replay of \($0): \(detail)" } ?? detail
    outbox.post(
      Notice(
        Notice.Key(.recovered, job.id), eventID: job.eventID, source: entry.source, target: job.target, image: job.image,
        reason: outcome.rawValue, detail: words, at: at))
  }

  private mutating func watch(_ rollout: WatchedRollout) {
    rollouts.append(rollout)
    guard rollouts.count > Self.rolloutsLimit else { return }
    rollouts.removeFirst()
    forgottenRollouts += 1
  }

  private mutating func ended(_ jobID: String, _ result: Rollout.Result, _ detail: String, _ at: Timestamp) {
    guard let index = rollouts.firstIndex(where: { $0.job.id == jobID }) else { return }
    let watched = rollouts.remove(at: index)
    let kind: Notice.Kind
    switch result {
    case .failed:
      failed.insert(watched.job.target)
      kind = .rolloutFailed
    case .complete:
      guard failed.remove(watched.job.target) else { return }
      kind = .recovered
    case .superseded, .unknown: return
    }
    outbox.post(
      Notice(
        Notice.Key(kind, jobID), eventID: watched.job.eventID, source: watched.source, target: watched.job.target,
        image: watched.job.image, reason: "rollout_\(result.rawValue)", detail: detail, at: at))
  }
}

/// Some workloads, as many as there is room for: beyond that the one that has been there longest is forgotten.
struct RecentTargets: Sendable {
  private let limit: Int
  private var numbers: [String: Int] = [:]
  private var next = 0

  init(limit: Int = 1024) { self.limit = max(1, limit) }

  mutating func insert(_ target: String) {
    numbers[target] = next
    next += 1
    guard numbers.count > limit, let oldest = numbers.min(by: { $0.value < $1.value }) else { return }
    numbers[oldest.key] = nil
  }

  /// - Returns: whether it was there.
  mutating func remove(_ target: String) -> Bool { numbers.removeValue(forKey: target) != nil }
}
