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
  /// After a pass that gave little back, the log must grow by so many segments before the next: what is live would only be copied.
  private static let patience = 1

  private struct State {
    var isScheduled = false
    var isStopped = false
    /// The newest segment of the last pass that did not pay; nothing is tried before there is a newer one.
    var fruitlessUntil: UInt64 = 0
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
    defer { state.withLock { $0.isScheduled = false } }
    let sealed = ledger.sealedSegments
    guard let newest = sealed.last, state.withLock({ !$0.isStopped && newest.firstSequence > $0.fruitlessUntil }) else { return }
    let going = sealed.prefix((sealed.count + Self.share - 1) / Self.share)
    // The successor of the last that goes is the first that stays; where none is sealed it is the last segment.
    let boundary = going.count < sealed.count ? sealed[going.count].firstSequence : UInt64.max
    let before = ledger.counters.usedBytes
    do {
      try ledger.removeSegments(before: boundary)
    } catch {
      logger.warning("old segments not removed", metadata: ["error": "\(error)"])
      state.withLock { $0.fruitlessUntil = newest.firstSequence }
      return
    }
    let freed = before - ledger.counters.usedBytes
    let bytes = going.reduce(0) { $0 + $1.byteCount }
    if freed < bytes / 4 { state.withLock { $0.fruitlessUntil = newest.firstSequence } }
    logger.info(
      "old segments removed",
      metadata: ["segments": "\(going.count)", "bytes": "\(bytes)", "freed": "\(freed)", "log_bytes": "\(before - freed)"])
  }
}
