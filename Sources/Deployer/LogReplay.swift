import DurableLog
import Events

/// Builds the index from the log's records, while the log is read and in their order.
struct LogReplay {
  private(set) var index: EventIndex
  /// The newest record of what was good of the configuration.
  private(set) var configuration: (payload: [UInt8], position: LogPosition)?
  /// The newest record of who is told of what.
  private(set) var receivers: (record: StateRecord, position: LogPosition)?
  /// The places where a repair found records missing. What is missing is undone, and does not show otherwise: an event without its decision
  /// is decided again.
  private(set) var gapCount = 0

  init(_ index: EventIndex) { self.index = index }

  /// - Throws: where an event's record was written whole and cannot be read.
  mutating func add(_ record: borrowing LogRecord) throws {
    switch record.kind {
    case .event:
      let event = try Event.decoded(record.payload)
      index.accept(
        id: event.id, key: event.deduplicationKey, source: event.source, receivedAt: event.receivedAt, at: record.position)
    case .job, .dead, .admin, .config:
      guard let state = StateRecord(payload: record.payload, withVerdicts: false) else {
        if record.kind == .config { configuration = (record.payload, record.position) }
        return
      }
      if case .receivers = state { receivers = (state, record.position) }
      index.apply(state, at: record.position)
    case .snapshot:
      switch LogSnapshot(record.payload, segment: record.position.segment) {
      case .event(let moved):
        let states = moved.states.compactMap { StateRecord(payload: $0.payload, withVerdicts: false) }
        index.restore(try Event.decoded(moved.event), states, at: record.position)
      case .known(let messages): index.restore(messages)
      case nil: break
      }
    case .gap: gapCount += 1
    default: break
    }
  }

  /// To be called when all records were added.
  mutating func finish() { index.finishReplay() }
}
