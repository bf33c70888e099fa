import Clocks
import DurableLog
import Events
import Notifications

extension Courier.Journal {
  /// The outbox that the ledger's records make. What couriers have done is in the log before they go on.
  init(_ ledger: Ledger, _ clock: any WallClock) {
    self.init(
      pending: { receiver, limit in ledger.read { $0.followUps.outbox.pending(for: receiver, limit: limit) } },
      event: { id in
        guard let entry = ledger.read({ $0[id] }) else { throw ForgottenEvent(id: id) }
        return try ledger.event(entry)
      },
      settle: { settlements in
        let records = settlements.map { settlement in
          StateRecord.notified(
            receiver: settlement.receiver, settlement.notice.key, eventID: settlement.notice.eventID,
            isDelivered: settlement.isDelivered, detail: settlement.detail, at: clock.now())
        }
        // The log keeps order: when the last is durable, the others are.
        for record in records.dropLast() { ledger.note(record) }
        if let last = records.last { try await ledger.record(last) }
      })
  }
}

/// The history has no room for the event any more.
private struct ForgottenEvent: Error, CustomStringConvertible {
  let id: String

  var description: String { "event \(id) is no longer in the history (`limits.history`)" }
}
