import Clocks
import Dispatch
import DurableLog
import Events
import OpenSSL
import Locks

/// The log and the index of it, kept in step: what is appended is applied to the index once it is durable, and nothing else is.
final class Ledger: Sendable {
  /// What became of a message that was received.
  enum Receipt: Sendable {
    /// It is in the log as a new event.
    case accepted(id: String)
    /// It was in the log already, or another copy arrived at the same time and is there now.
    case duplicate(id: String)
    case refused(LogError)
  }

  private struct State {
    var index: EventIndex
    /// Messages on their way into the log, and who came with further copies of them: these share the first one's fate.
    var arriving: [SHA256Digest: [@Sendable (Receipt) -> Void]] = [:]
    var arrivingIDs: Set<String> = []

    enum Arrival {
      case new(id: String)
      case joined
      case known(id: String)
    }

    mutating func arrive(
      _ message: PubSubMessage, key: SHA256Digest?, source: String, at now: Timestamp,
      _ then: @escaping @Sendable (Receipt) -> Void
    ) -> Arrival {
      if let key {
        if let id = index.id(forKey: key) { return .known(id: id) }
        if arriving[key] != nil {
          arriving[key]?.append(then)
          return .joined
        }
        arriving[key] = []
      }
      let id = uniqueID(Event.preferredID(message, source: source, at: now))
      arrivingIDs.insert(id)
      return .new(id: id)
    }

    /// Message ids are unique within a topic only; another source may have used this one.
    private func uniqueID(_ preferred: String) -> String {
      var id = preferred
      var number = 2
      while index[id] != nil || arrivingIDs.contains(id) {
        id = "\(preferred)~\(number)"
        number += 1
      }
      return id
    }

    mutating func settle(
      _ event: Event, key: SHA256Digest?, _ result: Result<LogPosition, LogError>
    ) -> [@Sendable (Receipt) -> Void] {
      arrivingIDs.remove(event.id)
      if case .success(let position) = result {
        index.accept(id: event.id, key: key, source: event.source, receivedAt: event.receivedAt, at: position)
      }
      return key.flatMap { arriving.removeValue(forKey: $0) } ?? []
    }
  }

  /// How long a record of what was done waits before it is offered to a full log again.
  private static let retryDelay = Duration.seconds(1)

  private let log: DurableLog
  private let state: Mutex<State>
  private let retries = DispatchQueue(label: "relaunch.ledger-retries")

  private init(_ log: DurableLog, _ index: EventIndex) {
    self.log = log
    state = Mutex(State(index: index))
  }

  /// Opens the log and rebuilds the index from it.
  static func open(
    directory: String, historyLimit: Int, deadLettersLimit: Int, disk: some Disk = SystemDisk(), clock: some WallClock
  ) throws -> (ledger: Ledger, recovery: RecoveryReport) {
    var index = EventIndex(historyLimit: historyLimit, deadLettersLimit: deadLettersLimit)
    let (log, recovery) = try DurableLog.open(LogConfiguration(directory: directory), disk: disk, clock: clock) { record in
      switch record.kind {
      case .event:
        let event = try Event.decoded(record.payload)
        index.accept(
          id: event.id, key: event.deduplicationKey, source: event.source, receivedAt: event.receivedAt, at: record.position)
      case .job, .dead, .admin:
        if let state = StateRecord(payload: record.payload) { index.apply(state, at: record.position) }
      default: break
      }
    }
    return (Ledger(log, index), recovery)
  }

  /// What the index holds now.
  func read<Result: Sendable>(_ body: (borrowing EventIndex) -> Result) -> Result { state.withLock { body($0.index) } }

  var refusal: LogError? { log.refusal }
  var counters: LogCounters { log.counters }
  func close() { log.close() }

  // MARK: Events

  /// Makes a message durable as a new event, unless it is one already.
  ///
  /// - Parameters:
  ///   - accepted: called with the new event, before `then`, on the log's queue: it must hand the event on and return.
  ///   - then: called once, when the outcome is known; on the log's queue or on the caller's thread. It comes sooner where
  ///     `commitReceived` is called after the last message that is at hand.
  func receive(
    _ message: PubSubMessage, source: String, at now: Timestamp, accepted: @escaping @Sendable (Event) -> Void,
    then: @escaping @Sendable (Receipt) -> Void
  ) {
    let key = Event.deduplicationKey(message, source: source)
    let arrival = state.withLock { $0.arrive(message, key: key, source: source, at: now, then) }
    switch arrival {
    case .joined: return
    case .known(let id): then(.duplicate(id: id))
    case .new(let id):
      let event = Event(id: id, source: source, receivedAt: now, message: message)
      log.append(.event, event.encoded, .gathered) { [self] result in
        let joined = state.withLock { $0.settle(event, key: key, result) }
        switch result {
        case .success:
          accepted(event)
          then(.accepted(id: id))
          for waiter in joined { waiter(.duplicate(id: id)) }
        case .failure(let error):
          then(.refused(error))
          for waiter in joined { waiter(.refused(error)) }
        }
      }
    }
  }

  /// Has the messages that were received since the last call made durable together, now rather than a few milliseconds later.
  func commitReceived() { log.commitGathered() }

  /// Reads an event again. Blocks for the disk.
  func event(_ entry: EventIndex.Entry) throws -> Event { try Event.decoded(try log.record(at: entry.position).payload) }

  /// Reads a state record again. Blocks for the disk.
  func stateRecord(at position: LogPosition) throws -> StateRecord? {
    StateRecord(payload: try log.record(at: position).payload)
  }

  // MARK: State

  /// Makes `record` durable and applies it. While the log has no room it is offered again and again: what was done must not be
  /// forgotten because the disk is full for a while.
  /// - Throws: where the log takes nothing more.
  func record(_ record: StateRecord) async throws(LogError) {
    let result = await withCheckedContinuation { continuation in
      keep(record, .now) { continuation.resume(returning: $0) }
    }
    try result.get()
  }

  /// The same for a record that nobody waits for: it shares the sync of one that somebody does. `then` hears the result on the log's
  /// queue.
  func note(_ record: StateRecord, then: @escaping @Sendable (Result<Void, LogError>) -> Void = { _ in }) {
    keep(record, .soon, then)
  }

  private func keep(
    _ record: StateRecord, _ urgency: AppendUrgency, _ then: @escaping @Sendable (Result<Void, LogError>) -> Void
  ) {
    offer(record, urgency) { [self] result in
      switch result {
      case .failure(.overloaded), .failure(.diskFull):
        retries.asyncAfter(deadline: .now() + .nanoseconds(Int(Self.retryDelay.saturatedNanoseconds))) {
          self.keep(record, urgency, then)
        }
      default: then(result)
      }
    }
  }

  /// Makes `record` durable and applies it, or says at once that the log has no room.
  func offer(
    _ record: StateRecord, _ urgency: AppendUrgency = .now, then: @escaping @Sendable (Result<Void, LogError>) -> Void
  ) {
    log.append(record.kind, record.payload, urgency) { [self] result in
      then(result.map { position in state.withLock { _ = $0.index.apply(record, at: position) } })
    }
  }
}
