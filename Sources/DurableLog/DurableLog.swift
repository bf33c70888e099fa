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
  private let pending: Mutex<PendingAppends>
  /// Only the queue takes this lock, so nobody waits for it; it is held while the disk works.
  private let writer: Mutex<LogWriter>
  private let segments: OpenSegments
  private let lock: Mutex<(any Sendable)?>

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
    let segments = OpenSegments()
    var recovery = Recovery(disk: disk, directory: directory)
    let tail = try recovery.run(into: segments, replay: replay)
    let writer = LogWriter(configuration, disk: disk, clock: clock, segments: segments, tail: tail)
    return (DurableLog(configuration, writer, segments, lock), recovery.report)
  }

  private init(_ configuration: LogConfiguration, _ writer: LogWriter, _ segments: OpenSegments, _ lock: any Sendable) {
    batchRecordsLimit = max(1, configuration.batchRecordsLimit)
    batchBytesLimit = configuration.batchBytesLimit
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
      if taken.isEmpty { return }
      commitAll(taken)
    }
  }

  private func commitTimed() { commitAll(pending.withLock { $0.takeTimed() }) }

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
    let result = outcome(of: batch)
    pending.withLock { $0.settle(batch, result) }
    switch result {
    case .success(let commit):
      for (append, position) in zip(batch, commit.positions) { append.then(.success(position)) }
    case .failure(let error):
      for append in batch { append.then(.failure(error)) }
    }
  }

  private func outcome(of batch: ArraySlice<PendingAppend>) -> Result<(positions: [LogPosition], bytes: Int), LogError> {
    // Nothing is written after a failure, or it would be acknowledged on top of a hole.
    if let refusal, refusal != .closed { return .failure(refusal) }
    return writer.withLock { writer in
      do throws(LogError) { return .success(try writer.commit(batch)) } catch { return .failure(error) }
    }
  }
}
