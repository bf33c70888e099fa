package import Clocks
import Dispatch
import Locks

/// The append-only log that everything which must outlive the process is written to.
///
/// A record is acknowledged when it, and every record before it, will survive a crash. Records that wait together share one
/// `fdatasync`: while one batch is being synced the next one gathers, without a timer. The format is version 1; recovery's rules
/// are the table at `Recovery`.
package final class DurableLog: Sendable {
  /// How long a record that nobody waits for may wait for company.
  private static let soon = DispatchTimeInterval.milliseconds(5)

  private let queue = DispatchQueue(label: "relaunch.log")
  private let batchRecordsLimit: Int
  private let batchBytesLimit: Int
  /// nil: nothing is done by time.
  private let checkpointDelay: Duration?
  private let pending: Mutex<PendingAppends>
  /// Held while the disk works, so that whoever takes it off the queue waits for the disk.
  private let writer: Mutex<LogWriter>
  private let segments: OpenSegments
  private let lock: Mutex<(any Sendable)?>
  private let upkeep = Mutex(Upkeep())

  /// Takes the directory's lock, recovers, and shows every intact record in order to `replay` before it returns.
  ///
  /// What is replayed is durable, with one reservation: when this throws, records may have been shown that count for nothing.
  /// Blocks for as long as reading the log takes.
  /// - Throws: `LogError` — `.locked`, `.corrupt`, `.unsupported`, `.disk` — or what `replay` throws.
  package static func open(
    _ configuration: LogConfiguration, disk: some Disk = SystemDisk(), clock: some WallClock,
    replay: (borrowing LogRecord) throws -> Void
  ) throws -> (log: DurableLog, recovery: RecoveryReport) {
    let directory = configuration.directory
    let lock = try diskCall { () throws(DiskError) in
      if try disk.createDirectory(directory) { try disk.syncDirectory(directory + "/..") }
      return try disk.lock(directory + "/LOCK")
    }
    guard let lock else { throw LogError.locked(directory: directory) }
    let space = LogSpace(configuration, total: try diskCall { () throws(DiskError) in try disk.space(directory).total })
    let segments = OpenSegments()
    var recovery = Recovery(disk: disk, directory: directory)
    let found = try recovery.run(into: segments, replay: replay)
    var writer = LogWriter(configuration, disk: disk, clock: clock, space: space, segments: segments, found: found)
    try writer.writeCheckpoint()
    let log = DurableLog(configuration, writer, segments, lock)
    log.noteRoom(try log.writer.withLock { writer throws(LogError) in try writer.room() })
    return (log, recovery.report)
  }

  private init(_ configuration: LogConfiguration, _ writer: LogWriter, _ segments: OpenSegments, _ lock: any Sendable) {
    batchRecordsLimit = max(1, configuration.batchRecordsLimit)
    batchBytesLimit = configuration.batchBytesLimit
    checkpointDelay = configuration.checkpointDelay
    pending = Mutex(PendingAppends(configuration))
    self.writer = Mutex(writer)
    self.segments = segments
    self.lock = Mutex(lock)
  }

  /// Appends a record and returns at once; never blocks.
  ///
  /// - Parameter urgency: `.soon` spares the disk a sync of its own where nobody waits for the record.
  /// - Parameter then: is called once. On the log's own queue and in the order of the appends, when one sync has covered the record
  ///   and all before it, or its batch failed; it must not block there. On the caller's thread, before this returns, when the
  ///   record is refused: `.overloaded`, `.tooLarge`, `.closed`, or `.failed` from an earlier batch.
  package func append(
    _ kind: RecordKind, _ payload: [UInt8], _ urgency: AppendUrgency = .now,
    then: @escaping @Sendable (Result<LogPosition, LogError>) -> Void
  ) {
    precondition(!kind.isInternal, "PAD, SEAL and CLEAN are written by the log itself")
    switch pending.withLock({ $0.add(PendingAppend(kind: kind, payload: payload, then: then), urgency) }) {
    case .success(.scheduled): break
    case .success(.now): queue.async { self.commitPending() }
    case .success(.soon): queue.asyncAfter(deadline: .now() + Self.soon) { self.commitTimed() }
    case .failure(let error): then(.failure(error))
    }
  }

  /// Begins the batch of what was appended as `.gathered`.
  package func commitGathered() {
    if pending.withLock({ $0.endGathering() }) { queue.async { self.commitPending() } }
  }

  /// Appends a record and returns its position once it will survive a crash. Cancelling stops neither the wait nor the write.
  package func append(_ kind: RecordKind, _ payload: [UInt8]) async throws(LogError) -> LogPosition {
    let result = await withCheckedContinuation { continuation in
      append(kind, payload) { continuation.resume(returning: $0) }
    }
    return try result.get()
  }

  /// Reads a record again and checks it. Blocks for the disk.
  /// - Throws: `.noRecord` where no whole record is, `.closed`, `.disk`.
  package func record(at position: LogPosition) throws(LogError) -> LogRecord {
    guard let segment = segments[position.segment] else { throw refusal == .closed ? .closed : .noRecord(position) }
    return try LogRecord(reading: position, from: segment.file, journal: segment.journal)
  }

  /// Waits for what was appended, marks the log as closed in order, and gives the directory up. Must not be called from `then`.
  package func close() {
    dispatchPrecondition(condition: .notOnQueue(queue))
    pending.withLock { $0.refuse(.closed) }
    queue.sync {
      commitTimed()
      // A log that failed is not in order. A CLEAN that cannot be written is only a slower next start.
      if pending.withLock({ $0.refusal }) == .closed { writer.withLock { try? $0.finish() } }
      segments.removeAll()
      lock.withLock { $0 = nil }
    }
  }

  /// The segments that take nothing more, oldest first. Waits for the disk.
  package var sealedSegments: [SealedSegment] { writer.withLock { $0.sealed } }

  /// Removes the segments whose records are all below `sequence`, for good. What is to be kept of them must have been appended again,
  /// and be durable. Blocks for the disk. Must not be called from `then`.
  package func removeSegments(before sequence: UInt64) throws(LogError) {
    dispatchPrecondition(condition: .notOnQueue(queue))
    try onWriter { writer throws(LogError) in
      let count = try writer.removeSegments(before: sequence)
      pending.withLock { $0.removed(count) }
    }
  }

  /// Notes durably how far the log is durable, and looks how much room there is: what happens by itself after
  /// `LogConfiguration.checkpointDelay`. Blocks for the disk. Must not be called from `then`.
  package func writeCheckpoint() throws(LogError) {
    dispatchPrecondition(condition: .notOnQueue(queue))
    try onWriter { writer throws(LogError) in try writer.writeCheckpoint() }
  }

  /// Has `handler` called when the room for more has changed, and again and again while it is not ample and records come, or there is none.
  /// It must return at once.
  package func observeRoom(_ handler: @escaping @Sendable (LogRoom) -> Void) { upkeep.withLock { $0.observer = handler } }

  /// Why the log takes nothing more: `.failed`, `.closed` or `.exhausted`; nil while it does.
  package var refusal: LogError? { pending.withLock { $0.refusal } }

  /// True once a write or a sync failed: the process must end, and the next start finds out what is on the disk.
  package var isFailed: Bool {
    switch refusal {
    case nil, .closed: false
    default: true
    }
  }

  package var counters: LogCounters {
    var counters = pending.withLock { $0.snapshot }
    counters.segments = segments.count
    return counters
  }

  // MARK: - On the queue

  /// Commits batch after batch until nothing waits.
  private func commitPending() {
    while true {
      let taken = pending.withLock { $0.take() }
      if taken.isEmpty { break }
      commitAll(taken)
    }
    scheduleUpkeep()
  }

  private func commitTimed() {
    commitAll(pending.withLock { $0.takeTimed() })
    scheduleUpkeep()
  }

  private func commitAll(_ taken: [PendingAppend]) {
    var rest = taken[...]
    while !rest.isEmpty {
      let batch = rest.prefix(batchCount(rest))
      rest = rest.dropFirst(batch.count)
      commit(batch)
    }
  }

  /// How many of `waiting` share the next write: at least one, at most what the limits allow.
  private func batchCount(_ waiting: ArraySlice<PendingAppend>) -> Int {
    var bytes = 0
    var count = 0
    for append in waiting.prefix(batchRecordsLimit) {
      bytes += append.payload.count
      if count > 0, bytes > batchBytesLimit { break }
      count += 1
    }
    return count
  }

  private func commit(_ batch: ArraySlice<PendingAppend>) {
    let events = batch.count { $0.kind == .event }
    let count = segments.count
    let result = outcome(of: batch, usesReserve: events == 0)
    // A new segment is when room gets short; what cannot be asked now is asked by the upkeep.
    if segments.count != count, let room = writer.withLock({ try? $0.room() }) { noteRoom(room) }
    // Also where a record of what was done has just gone into the reserve.
    if let full = writer.withLock({ $0.full }) { noteRoom(.none(full)) }
    guard case .failure(.diskFull) = result, events > 0, events < batch.count else { return settle(batch, result) }
    // What was done is still written, into what is kept for it.
    settle(batch.filter { $0.kind == .event }[...], result)
    commit(batch.filter { $0.kind != .event }[...])
  }

  private func settle(
    _ batch: ArraySlice<PendingAppend>, _ result: Result<(positions: [LogPosition], bytes: Int), LogError>
  ) {
    pending.withLock { $0.settle(batch, result) }
    switch result {
    case .success(let commit):
      for (append, position) in zip(batch, commit.positions) { append.then(.success(position)) }
    case .failure(let error):
      for append in batch { append.then(.failure(error)) }
    }
  }

  private func outcome(
    of batch: ArraySlice<PendingAppend>, usesReserve: Bool
  ) -> Result<(positions: [LogPosition], bytes: Int), LogError> {
    // Nothing is written after a failure, or it would be acknowledged on top of a hole.
    if let refusal, refusal != .closed { return .failure(refusal) }
    return writer.withLock { writer in
      do throws(LogError) { return .success(try writer.commit(batch, usesReserve: usesReserve)) } catch { return .failure(error) }
    }
  }

  // MARK: Upkeep

  /// Runs `body` on the queue, between batches. Where it fails, the log has failed.
  private func onWriter(_ body: (inout LogWriter) throws(LogError) -> Void) throws(LogError) {
    let result: Result<LogRoom, LogError> = queue.sync {
      if let refusal { return .failure(refusal) }
      return writer.withLock { writer in
        do throws(LogError) {
          try body(&writer)
          return .success(try writer.room())
        } catch {
          return .failure(error)
        }
      }
    }
    switch result {
    case .success(let room): noteRoom(room)
    case .failure(let error):
      pending.withLock { $0.refuse(error) }
      throw error
    }
  }

  private func noteRoom(_ room: LogRoom) {
    let used = writer.withLock { $0.usedBytes }
    let isNews = pending.withLock { $0.note(room, usedBytes: used) }
    guard isNews || room != .ample else { return }
    upkeep.withLock { $0.observer }?(room)
  }

  private func scheduleUpkeep() {
    guard let checkpointDelay, upkeep.withLock({ $0.schedule() }) else { return }
    queue.asyncAfter(deadline: .now() + .nanoseconds(Int(checkpointDelay / .nanoseconds(1)))) { self.keepUp() }
  }

  /// What is done between batches, off their way: the checkpoint, the spare file, the room.
  private func keepUp() {
    let batches = pending.withLock { $0.counters.batches }
    let isQuiet = upkeep.withLock { $0.begin(batches: batches) }
    if refusal == nil {
      let result: Result<LogRoom, LogError> = writer.withLock { writer in
        do throws(LogError) {
          if isQuiet { try writer.writeCheckpoint() }
          try writer.prepareSpare()
          return .success(try writer.room())
        } catch {
          return .failure(error)
        }
      }
      switch result {
      case .success(let room): noteRoom(room)
      case .failure(let error): pending.withLock { $0.refuse(error) }
      }
    }
    guard refusal == nil else { return }
    if !isQuiet || pending.withLock({ $0.lacksRoom }) { scheduleUpkeep() }
  }
}

/// When the log does what nobody asked for.
private struct Upkeep: Sendable {
  /// How often a checkpoint may be put off because batches keep coming.
  private static let patience = 20

  var observer: (@Sendable (LogRoom) -> Void)?
  private var isScheduled = false
  private var batches: UInt64 = 0
  private var rounds = 0

  /// - Returns: whether a round is to be scheduled.
  mutating func schedule() -> Bool {
    defer { isScheduled = true }
    return !isScheduled
  }

  /// - Parameter count: the batches that there have been.
  /// - Returns: whether it is time for a checkpoint.
  mutating func begin(batches count: UInt64) -> Bool {
    isScheduled = false
    rounds += 1
    let isQuiet = batches == count || rounds >= Self.patience
    batches = count
    if isQuiet { rounds = 0 }
    return isQuiet
  }
}
