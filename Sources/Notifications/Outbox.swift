package import Clocks
import DequeModule

/// The notices that are still to be sent, and to whom.
///
/// A value without I/O, which the log's records make: whoever sends looks here, and has each delivery journaled, which takes the notice
/// out again. So a crash loses none. Bounded: beyond `noticesLimit` the oldest notice is dropped, and counted.
package struct Outbox: Sendable {
  /// At most a few kilobytes each.
  package static let noticesLimit = 4096
  /// By how much clocks may have been wrong: a notice that is older than its receiver's subscription by more is not for it.
  private static let skew = Duration.seconds(3600)

  private struct Waiting: Sendable {
    let notice: Notice
    /// nil: nobody knows yet. Then `settled` are those who have had it.
    var receivers: [String]?
    var settled: [String] = []
  }

  private let limit: Int
  private var waiting: Deque<Waiting> = []
  /// Whether the log has said who wants what. Where retention has moved that forward, notices may stand before it.
  private var isAddressed = false
  /// Who wants what, from this place of the log on.
  package private(set) var subscriptions: [Subscription] = []
  /// How many notices each receiver has not got because more waited than the limit.
  package private(set) var dropped: [String: Int] = [:]

  package init(noticesLimit: Int = Outbox.noticesLimit) { limit = max(1, noticesLimit) }

  /// From now on these want notices. Those that are gone, or want less, no longer get what waits for them; new ones get what comes
  /// from now on.
  package mutating func use(_ subscriptions: [Subscription]) {
    self.subscriptions = subscriptions
    isAddressed = true
    for index in waiting.indices {
      let (notice, settled) = (waiting[index].notice, waiting[index].settled)
      let wanting = waiting[index].receivers ?? receivers(of: notice).filter { !settled.contains($0) }
      waiting[index].receivers = wanting.filter { name in
        subscriptions.contains { $0.receiver == name && $0.kind == notice.key.kind }
      }
    }
    waiting.removeAll { $0.receivers?.isEmpty ?? true }
  }

  /// The log has been read: what nobody wants by now, nobody will.
  package mutating func finishReplay() { if !isAddressed { use([]) } }

  private func receivers(of notice: Notice) -> [String] {
    subscriptions.filter { $0.kind == notice.key.kind && notice.at + Self.skew >= $0.since }.map(\.receiver)
  }

  /// What `receivers` want, as it is to be journaled: those who are here already keep their beginnings.
  package func subscriptions(of receivers: [Receiver], at now: Timestamp) -> [Subscription] {
    receivers.flatMap { receiver in
      receiver.kinds.sorted { $0.rawValue < $1.rawValue }.map { kind in
        let old = subscriptions.first { $0.receiver == receiver.name && $0.kind == kind }
        // One that lies ahead of us was written by a clock that was wrong.
        return Subscription(receiver: receiver.name, kind: kind, since: min(old?.since ?? now, now))
      }
    }
  }

  package mutating func post(_ notice: Notice) {
    let receivers = isAddressed ? receivers(of: notice) : nil
    guard receivers?.isEmpty != true else { return }
    waiting.append(Waiting(notice: notice, receivers: receivers))
    guard waiting.count > limit, let oldest = waiting.popFirst() else { return }
    for receiver in oldest.receivers ?? [] { dropped[receiver, default: 0] += 1 }
  }

  /// The notice has been sent to `receiver`, or given up.
  package mutating func settle(_ key: Notice.Key, for receiver: String) {
    guard let index = waiting.firstIndex(where: { $0.notice.key == key && ($0.receivers?.contains(receiver) ?? true) }) else {
      return
    }
    guard waiting[index].receivers != nil else { return waiting[index].settled.append(receiver) }
    waiting[index].receivers?.removeAll { $0 == receiver }
    if waiting[index].receivers?.isEmpty == true { waiting.remove(at: index) }
  }

  /// What waits for `receiver`, the oldest first, at most `limit` of it.
  package func pending(for receiver: String, limit: Int) -> [Notice] {
    Array(waiting.lazy.filter { $0.receivers?.contains(receiver) ?? false }.prefix(limit).map(\.notice))
  }

  package func count(for receiver: String) -> Int { waiting.count { $0.receivers?.contains(receiver) ?? false } }
}
