import Dispatch
import DurableLog
import Events
import Locks

/// Builds the index from the log's records while the log is read.
///
/// Taking payloads apart costs several times what applying them does, so it is done for a number of records at a time on all cores; applied
/// they are one after the other, in their order.
struct LogReplay {
  /// A record as far as it can be understood without the others.
  private enum Content: Sendable {
    case event(Event)
    case state(StateRecord)
    case moved(Event, [StateRecord])
    case known([KnownMessages.Message])
    case configuration([UInt8])
    /// Of no kind that counts here, or of a version that is not known.
    case nothing
  }

  private static let recordsAtOnce = 1024
  private static let slices = 4

  private(set) var index: EventIndex
  /// The newest CONFIG record.
  private(set) var configuration: (payload: [UInt8], position: LogPosition)?
  /// The newest record of who is told of what.
  private(set) var receivers: (record: StateRecord, position: LogPosition)?
  private var waiting: [LogRecord] = []

  init(_ index: EventIndex) {
    self.index = index
    waiting.reserveCapacity(Self.recordsAtOnce)
  }

  /// - Throws: where an event's record was written whole and cannot be read.
  mutating func add(_ record: LogRecord) throws {
    waiting.append(record)
    if waiting.count == Self.recordsAtOnce { try applyWaiting() }
  }

  /// To be called when all records were added.
  mutating func finish() throws {
    try applyWaiting()
    index.finishReplay()
  }

  private mutating func applyWaiting() throws {
    for (record, content) in zip(waiting, try Self.contents(of: waiting)) { apply(content, record) }
    waiting.removeAll(keepingCapacity: true)
  }

  private mutating func apply(_ content: Content, _ record: LogRecord) {
    switch content {
    case .event(let event):
      index.accept(
        id: event.id, key: event.deduplicationKey, source: event.source, receivedAt: event.receivedAt, at: record.position)
    case .state(let state):
      if case .receivers = state { receivers = (state, record.position) }
      index.apply(state, at: record.position)
    case .moved(let event, let states): index.restore(event, states, at: record.position)
    case .known(let messages): index.restore(messages)
    case .configuration(let payload): configuration = (payload, record.position)
    case .nothing: break
    }
  }

  private static func contents(of records: [LogRecord]) throws -> [Content] {
    let length = (records.count + slices - 1) / slices
    let parts = Mutex<[Int: Result<[Content], any Error>]>([:])
    DispatchQueue.concurrentPerform(iterations: records.isEmpty ? 0 : slices) { slice in
      let part = Result { try records.dropFirst(slice * length).prefix(length).map(content) }
      parts.withLock { $0[slice] = part }
    }
    return try parts.withLock { parts in try (0..<slices).flatMap { try parts[$0]?.get() ?? [] } }
  }

  private static func content(of record: LogRecord) throws -> Content {
    switch record.kind {
    case .event: return .event(try Event.decoded(record.payload))
    case .job, .dead, .admin: return StateRecord(payload: record.payload).map { .state($0) } ?? .nothing
    case .config: return StateRecord(payload: record.payload).map { .state($0) } ?? .configuration(record.payload)
    case .snapshot:
      switch LogSnapshot(record.payload, segment: record.position.segment) {
      case .event(let moved):
        return .moved(try Event.decoded(moved.event), moved.states.compactMap { StateRecord(payload: $0.payload) })
      case .known(let messages): return .known(messages)
      case nil: return .nothing
      }
    default: return .nothing
    }
  }
}
