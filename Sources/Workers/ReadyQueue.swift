import DequeModule

/// The keys whose first entry may start, first come first served among those whose claim can be met.
///
/// There is one queue for each claim, so that looking for the first costs a step for each claim that waits and not for each key: a
/// thousand keys behind a full group are passed in one.
struct ReadyQueue<Key: Sendable>: Sendable {
  /// A key's place in the order.
  struct Ticket: Hashable, Comparable, Sendable {
    fileprivate let number: UInt64

    static func < (left: Ticket, right: Ticket) -> Bool { left.number < right.number }
  }

  private struct Entry: Sendable {
    let ticket: Ticket
    let key: Key
  }

  private var queues: [WorkClaim: Deque<Entry>] = [:]
  private var count: UInt64 = 0

  mutating func append(_ key: Key, _ claim: WorkClaim) -> Ticket {
    count += 1
    let ticket = Ticket(number: count)
    queues[claim, default: []].append(Entry(ticket: ticket, key: key))
    return ticket
  }

  /// Gives the key with `ticket` another claim; it keeps its place in the order.
  mutating func change(_ ticket: Ticket, from old: WorkClaim, to new: WorkClaim) {
    guard old != new, let index = queues[old]?.firstIndex(where: { $0.ticket == ticket }),
      let entry = queues[old]?.remove(at: index)
    else { return }
    if queues[old]?.isEmpty == true { queues[old] = nil }
    let place = queues[new]?.firstIndex { $0.ticket > ticket } ?? queues[new]?.endIndex ?? 0
    queues[new, default: []].insert(entry, at: place)
  }

  /// Takes the first key whose claim can be met out of the queue.
  mutating func takeFirst(where canBeMet: (WorkClaim) -> Bool) -> Key? {
    var first: (claim: WorkClaim, ticket: Ticket)?
    for (claim, queue) in queues {
      guard let ticket = queue.first?.ticket, first.map({ ticket < $0.ticket }) ?? true, canBeMet(claim) else { continue }
      first = (claim, ticket)
    }
    guard let claim = first?.claim, let entry = queues[claim]?.popFirst() else { return nil }
    if queues[claim]?.isEmpty == true { queues[claim] = nil }
    return entry.key
  }
}
