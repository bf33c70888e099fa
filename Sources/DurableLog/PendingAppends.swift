/// A record that waits for its batch.
struct PendingAppend: Sendable {
  let kind: RecordKind
  let payload: [UInt8]
  let then: @Sendable (Result<LogPosition, LogError>) -> Void
}

/// What waits for the disk, and what is told about it.
struct PendingAppends: Sendable {
  private var waiting: [PendingAppend] = []
  private var records = 0
  private var bytes = 0
  private let recordsLimit: Int
  private let bytesLimit: Int
  private var isCommitting = false
  /// Whether somebody waits for a record in `waiting`.
  private var isUrgent = false
  /// Whether `waiting` holds records that wait for `endGathering`.
  private var hasGathered = false
  /// Whether a commit of what nobody waits for is scheduled.
  private var isTimed = false
  private(set) var counters = LogCounters()
  /// Why nothing more is taken.
  private(set) var refusal: LogError?
  /// Why no events are taken, while there is no room for them.
  private var eventRefusal: LogError?

  init(_ configuration: LogConfiguration) {
    recordsLimit = configuration.pendingRecordsLimit
    bytesLimit = configuration.pendingBytesLimit
  }

  /// The counters with what waits now.
  var snapshot: LogCounters {
    var snapshot = counters
    snapshot.pendingRecords = records
    snapshot.pendingBytes = bytes
    return snapshot
  }

  /// The commit that an append calls for.
  enum Commit {
    /// One that comes anyway takes the record along.
    case scheduled
    case now
    case soon
  }

  /// - Returns: the commit to schedule, or why the append is refused.
  mutating func add(_ append: PendingAppend, _ urgency: AppendUrgency) -> Result<Commit, LogError> {
    if let refusal { return .failure(refusal) }
    if let eventRefusal, append.kind == .event {
      counters.refusedDiskFull += 1
      return .failure(eventRefusal)
    }
    guard append.payload.count <= LogConfiguration.payloadBytesLimit else {
      return .failure(.tooLarge(bytes: append.payload.count, limit: LogConfiguration.payloadBytesLimit))
    }
    // A record larger than the limit is taken when nothing else waits, or it never could be.
    guard records < recordsLimit, records == 0 || bytes + append.payload.count <= bytesLimit else {
      counters.overloaded += 1
      return .failure(.overloaded(pendingRecords: records, pendingBytes: bytes))
    }
    waiting.append(append)
    records += 1
    bytes += append.payload.count
    switch urgency {
    case .now:
      isUrgent = true
      defer { isCommitting = true }
      return .success(isCommitting ? .scheduled : .now)
    case .gathered, .soon:
      if urgency == .gathered { hasGathered = true }
      defer { isTimed = true }
      return .success(isTimed ? .scheduled : .soon)
    }
  }

  /// Makes what was gathered urgent.
  /// - Returns: whether a commit is to be scheduled for it.
  mutating func endGathering() -> Bool {
    guard hasGathered else { return false }
    hasGathered = false
    isUrgent = true
    defer { isCommitting = true }
    return !isCommitting
  }

  /// Everything that waits, if somebody waits for some of it; else nothing, and the commit is over.
  mutating func take() -> [PendingAppend] {
    isCommitting = isUrgent
    return isUrgent ? takeAll() : []
  }

  /// Everything that waits, for the commit that `.soon` has scheduled, and for the last.
  mutating func takeTimed() -> [PendingAppend] {
    isTimed = false
    return takeAll()
  }

  private mutating func takeAll() -> [PendingAppend] {
    isUrgent = false
    hasGathered = false
    let taken = waiting
    waiting = []
    waiting.reserveCapacity(min(taken.count, 1024))
    return taken
  }

  /// Records how the commit of `batch` ended.
  mutating func settle(_ batch: ArraySlice<PendingAppend>, _ result: Result<(positions: [LogPosition], bytes: Int), LogError>) {
    records -= batch.count
    bytes -= batch.reduce(0) { $0 + $1.payload.count }
    switch result {
    case .success(let commit):
      counters.appended += UInt64(commit.positions.count)
      counters.bytes += UInt64(commit.bytes)
      counters.batches += 1
    case .failure(.diskFull):
      counters.refusedDiskFull += UInt64(batch.count)
    case .failure(let error):
      refuse(error)
    }
  }

  /// Notes how much room there is; without any, events are refused from now on.
  /// - Returns: whether that is news.
  mutating func note(_ room: LogRoom, usedBytes: Int) -> Bool {
    if case .none(let reason) = room { eventRefusal = reason } else { eventRefusal = nil }
    defer { counters.room = room }
    counters.usedBytes = usedBytes
    return counters.room != room
  }

  var lacksRoom: Bool { eventRefusal != nil }

  mutating func removed(_ count: Int) { counters.removedSegments += UInt64(count) }

  /// Takes nothing more, for the first reason given; but a log that fails while it is being closed has failed.
  mutating func refuse(_ reason: LogError) {
    if refusal == nil || refusal == .closed { refusal = reason }
  }
}
