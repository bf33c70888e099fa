import Dispatch
import DurableLog
import Locks
import Logging

/// Keeps the log within its size: when room gets short, the oldest segments go, and what still counts in them is written forward.
///
/// Nothing that is unfinished, a dead letter or within the window of known messages is lost by that; finished events leave the history.
final class Retention: Sendable {
  /// Of the sealed segments one in so many goes at a time, the oldest first.
  private static let share = 4
  /// How long after a pass that failed the next is tried.
  private static let retryDelay = DispatchTimeInterval.seconds(1)

  /// How things stood after a pass that gave little back. The next would only copy what is live, until a segment has come or less is live.
  private struct Fruitless {
    /// The copies fill segments too.
    let newest: SealedSegment?
    let liveCount: Int
    /// Finished events were spared, which they are not where there is no room at all.
    let sparedEnded: Bool
  }

  private struct State {
    var isScheduled = false
    var isStopped = false
    var fruitless: Fruitless?

    func isWorthwhile(_ newest: SealedSegment?, _ liveCount: Int, sparesEnded: Bool) -> Bool {
      guard !isStopped else { return false }
      return fruitless.map { newest != $0.newest || liveCount < $0.liveCount || $0.sparedEnded && !sparesEnded } ?? true
    }
  }

  private let ledger: Ledger
  private let logger: Logger
  private let queue = DispatchQueue(label: "relaunch.retention")
  private let state = Mutex(State())

  init(_ ledger: Ledger, logger: Logger) {
    self.ledger = ledger
    self.logger = logger
    ledger.observeRoom { [weak self] room in if room != .ample { self?.schedule() } }
    if ledger.counters.room != .ample { schedule() }
  }

  /// Waits for a pass that is under way, and begins no other.
  func stop() {
    state.withLock { $0.isStopped = true }
    queue.sync {}
  }

  private func schedule() {
    let isNew = state.withLock { state in
      defer { state.isScheduled = true }
      return !state.isScheduled && !state.isStopped
    }
    if isNew { queue.async { self.pass() } }
  }

  private func pass() {
    do {
      try removeOldest()
      state.withLock { $0.isScheduled = false }
    } catch {
      logger.warning("old segments not removed", metadata: ["error": "\(error)"])
      queue.asyncAfter(deadline: .now() + Self.retryDelay) { self.state.withLock { $0.isScheduled = false } }
    }
  }

  private func removeOldest() throws {
    let sealed = ledger.sealedSegments
    let live = ledger.read { $0.liveCount }
    let going = sealed.prefix((sealed.count + Self.share - 1) / Self.share)
    let sparesEnded = ledger.counters.room == .low
    guard let last = going.last, state.withLock({ $0.isWorthwhile(sealed.last, live, sparesEnded: sparesEnded) }) else { return }
    let before = ledger.counters.usedBytes
    // Nothing of the segment that is written to: what comes meanwhile is in there.
    try ledger.removeSegments(before: last.lastSequence + 1, sparesEnded: sparesEnded)
    let after = ledger.counters.usedBytes
    let bytes = going.reduce(0) { $0 + $1.byteCount }
    if before - after < bytes / 4 {
      let newest = ledger.sealedSegments.last
      state.withLock { $0.fruitless = Fruitless(newest: newest, liveCount: live, sparedEnded: sparesEnded) }
    }
    logger.info(
      "old segments removed",
      metadata: ["segments": "\(going.count)", "bytes": "\(bytes)", "freed": "\(before - after)", "log_bytes": "\(after)"])
  }
}
