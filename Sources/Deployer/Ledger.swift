import Clocks
import Dispatch
import DurableLog
import Events
import Glibc
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

  /// A state record that is to be appended.
  struct PendingRecord: Sendable {
    let record: StateRecord
    let urgency: AppendUrgency
    let then: @Sendable (Result<Void, LogError>) -> Void
  }

  private struct State {
    var index: EventIndex
    /// Messages on their way into the log, and who came with further copies of them: these share the first one's fate.
    var arriving: [SHA256Digest: [@Sendable (Receipt) -> Void]] = [:]
    var arrivingIDs: Set<String> = []
    /// Events whose records are being written forward, with the records that wait for that: no record of theirs may come between what
    /// the snapshot holds and the snapshot.
    var moving: [String: [PendingRecord]] = [:]
    /// The newest record of what was good of the configuration, and that of who is told of what.
    var configuration: (payload: [UInt8], position: LogPosition)?
    var receivers: (record: StateRecord, position: LogPosition)?
    /// Calls that have seen `moving` and have not appended yet.
    var offering = 0

    mutating func apply(_ record: StateRecord, at position: LogPosition) {
      if case .receivers = record { receivers = (record, position) }
      index.apply(record, at: position)
    }

    /// - Returns: the records that wait for `id` to be moved; nil where there are none, and then none waits any more.
    mutating func takeWaiting(_ id: String) -> [PendingRecord]? {
      guard let waiting = moving[id], !waiting.isEmpty else {
        moving[id] = nil
        return nil
      }
      moving[id] = []
      return waiting
    }

    /// - Returns: whether the record may be appended now; `offering` must fall again then. Else it waits.
    mutating func offer(_ record: PendingRecord) -> Bool {
      guard moving[record.record.eventID]?.append(record) == nil else { return false }
      offering += 1
      return true
    }

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

  /// The places in the log where a repair found records missing.
  let gapCount: Int

  private init(_ log: DurableLog, _ replay: LogReplay) {
    self.log = log
    gapCount = replay.gapCount
    state = Mutex(State(index: replay.index, configuration: replay.configuration, receivers: replay.receivers))
  }

  /// Opens the log and rebuilds the index from it.
  static func open(
    _ configuration: LogConfiguration, index: EventIndex, disk: some Disk = SystemDisk(), clock: some WallClock
  ) throws -> (ledger: Ledger, recovery: RecoveryReport) {
    var replay = LogReplay(index)
    let (log, recovery) = try DurableLog.open(configuration, disk: disk, clock: clock) { try replay.add($0) }
    replay.finish()
    return (Ledger(log, replay), recovery)
  }

  /// What the index holds now.
  func read<Result: Sendable>(_ body: (borrowing EventIndex) -> Result) -> Result { state.withLock { body($0.index) } }

  var refusal: LogError? { log.refusal }
  var counters: LogCounters { log.counters }
  /// Why there is no room for events; nil while there is.
  var fullness: LogError? { if case .none(let error) = counters.room { error } else { nil } }
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
  func event(_ entry: EventIndex.Entry) throws -> Event {
    let record = try log.record(at: entry.position)
    return try Event.decoded(record.kind == .snapshot ? try moved(record).event : record.payload)
  }

  /// Reads the state records again for which the record at `position` stands. Blocks for the disk.
  func stateRecords(at position: LogPosition) throws -> [StateRecord] {
    let record = try log.record(at: position)
    guard record.kind == .snapshot else { return [StateRecord(payload: record.payload)].compactMap(\.self) }
    return try moved(record).states.compactMap { StateRecord(payload: $0.payload) }
  }

  private func moved(_ record: LogRecord) throws(LogError) -> LogSnapshot.Moved {
    guard case .event(let moved) = LogSnapshot(record.payload, segment: record.position.segment) else {
      throw .noRecord(record.position)
    }
    return moved
  }

  // MARK: Configuration

  /// What the newest CONFIG record says.
  var configuration: KnownConfiguration? {
    state.withLock { $0.configuration?.payload }.flatMap { KnownConfiguration(payload: $0) }
  }

  /// Writes `configuration` down, unless the newest record says the same. Nobody waits for that.
  func note(_ configuration: KnownConfiguration) {
    let payload = configuration.payload
    guard state.withLock({ $0.configuration?.payload != payload }) else { return }
    note(configuration: payload)
  }

  private func note(configuration payload: [UInt8]) {
    log.append(.config, payload, .soon) { [self] result in
      if case .success(let position) = result { state.withLock { $0.configuration = (payload, position) } }
    }
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
    let pending = PendingRecord(record: record, urgency: urgency, then: then)
    guard state.withLock({ $0.offer(pending) }) else { return }
    append(pending)
    state.withLock { $0.offering -= 1 }
  }

  private func append(_ pending: PendingRecord) {
    log.append(pending.record.kind, pending.record.payload, pending.urgency) { [self] result in
      pending.then(result.map { position in state.withLock { $0.apply(pending.record, at: position) } })
    }
  }
}

// MARK: - Retention

extension Ledger {
  /// How many known messages one record holds: about a megabyte.
  private static let knownPerRecord = 16_384

  var sealedSegments: [SealedSegment] { log.sealedSegments }

  func observeRoom(_ handler: @escaping @Sendable (LogRoom) -> Void) { log.observeRoom(handler) }

  /// Removes the segments before the one that begins with the sequence `segment`, after all in them that still counts was written
  /// forward. Finished events that only they hold leave the history. Blocks for the disk; events and records are taken meanwhile.
  /// - Parameter sparesEnded: as `EventIndex.retire` has it; false frees most.
  /// - Throws: where the log has no room, or cannot be read or written; nothing is removed then.
  func removeSegments(before segment: UInt64, sparesEnded: Bool = true) throws {
    let ids = state.withLock { state in
      let ids = state.index.retire(before: segment, sparesEnded: sparesEnded)
      for id in ids { state.moving[id] = [] }
      return ids
    }
    defer { for id in ids { release(id) } }
    // What was on its way into the log before `moving` was set lands before the snapshots: the log keeps the order.
    while state.withLock({ $0.offering }) > 0 { usleep(50) }
    // Both are durable when the known messages are, which come after them.
    if let receivers = state.withLock({ $0.receivers }), receivers.position.segment < segment { note(receivers.record) }
    if let configuration = state.withLock({ $0.configuration }), configuration.position.segment < segment {
      note(configuration: configuration.payload)
    }
    try moveKnown(before: segment)
    for id in ids {
      try move(id)
      release(id)
    }
    try log.removeSegments(before: segment)
  }

  /// Also what shows that all offered before it is durable and applied.
  private func moveKnown(before segment: UInt64) throws(LogError) {
    var rest = state.withLock { $0.index.known.inSegments(before: segment) }[...]
    repeat {
      let chunk = Array(rest.prefix(Self.knownPerRecord))
      rest = rest.dropFirst(chunk.count)
      let position = try appendAndWait(.known(chunk))
      state.withLock { $0.index.moveKnown(chunk, to: position) }
    } while !rest.isEmpty
  }

  private func move(_ id: String) throws {
    guard let entry = state.withLock({ $0.index[id] }) else { return }
    let record = try log.record(at: entry.position)
    var moved = record.kind == .snapshot ? try self.moved(record) : LogSnapshot.Moved(event: record.payload, states: [])
    for position in entry.trail where position != entry.position {
      let record = try log.record(at: position)
      if record.kind == .snapshot {
        moved.states += try self.moved(record).states
      } else {
        moved.states.append(LogSnapshot.Moved.State(kind: record.kind, payload: record.payload))
      }
    }
    let position = try appendAndWait(.event(moved))
    state.withLock { $0.index.move(id, to: position) }
  }

  private func appendAndWait(_ snapshot: LogSnapshot) throws(LogError) -> LogPosition {
    let done = DispatchSemaphore(value: 0)
    let result = Mutex<Result<LogPosition, LogError>?>(nil)
    log.append(.snapshot, snapshot.encoded) { appended in
      result.withLock { $0 = appended }
      done.signal()
    }
    done.wait()
    guard let result = result.withLock({ $0 }) else { preconditionFailure("the log answers each append") }
    return try result.get()
  }

  /// Appends what has waited for an event to be moved. What comes meanwhile waits behind it, so that the order stays.
  private func release(_ id: String) {
    while let waiting = state.withLock({ $0.takeWaiting(id) }) { for record in waiting { append(record) } }
  }
}
