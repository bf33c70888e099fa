import Clocks
import DequeModule
import DurableLog
import Events
import JSON
import OpenSSL

/// What memory holds of the log: which events there are, how far each has come, and where its records lie.
///
/// A value without I/O. The same `apply` builds it while the log is read at start and while the server runs, so it can never say
/// more than the log does. Where retention has written records forward, one SNAPSHOT record stands for them.
///
/// Of the events beyond `historyLimit`, oldest first, those that are finished are forgotten, unless they have dead letters; their records
/// stay in the log until their segments go. The others are held apart, and make no room for themselves in the history: however long one
/// job waits, the history does not grow behind it.
struct EventIndex: Sendable {
  /// One event, and where to read the rest.
  struct Entry: Sendable {
    let id: String
    /// Counts up with each event of this process, and with each that was held apart and has ended; the order of `/events`.
    var number: Int
    let key: SHA256Digest?
    let source: String
    let receivedAt: Timestamp
    /// Where the event's own record lies.
    var position: LogPosition
    /// Where the state records lie, oldest first.
    var trail: [LogPosition] = []
    /// How many state records there have been; the trail may have fewer places, of which one holds several.
    var recordCount = 0
    var image: String?
    var isDecided = false
    var openJobs = 0
    /// The weightiest outcome so far; it is final when nothing is open.
    var outcome: Outcome?
    var reason = ""
    /// Dead letters whose work is to be done again, and is not decided yet.
    var replays: [Replay] = []
    var isFinished: Bool { isDecided && replays.isEmpty && openJobs == 0 }

    mutating func settle(_ outcome: Outcome, _ reason: String) {
      if let current = self.outcome, current.weight > outcome.weight { return }
      self.outcome = outcome
      self.reason = reason
    }
  }

  /// A dead letter that nobody has replayed or discarded.
  struct OpenDeadLetter: Sendable {
    /// Counts up with each letter of this process.
    fileprivate(set) var number: Int
    let letter: DeadLetter
    let image: String?
    let source: String
    /// About what memory holds for it and for its event.
    let bytes: Int

    init(number: Int, letter: DeadLetter, of entry: Entry) {
      self.number = number
      self.letter = letter
      image = entry.image
      source = entry.source
      bytes = letter.textBytes + (entry.image?.utf8.count ?? 0) + entry.source.utf8.count
    }
  }

  /// How an attempt at a job failed.
  struct FailedAttempt: Sendable {
    let attempt: Int
    let error: String
    let at: Timestamp

    var json: JSONValue {
      ["attempt": .number(JSONNumber(Int64(attempt))), "error": .string(error), "at": .string(at.rfc3339)]
    }
  }

  /// What the process was at when it ended.
  private enum Crash: Hashable, Sendable {
    case attempt(String)
    case decision(String)

    init(_ job: String?, _ event: String) { self = job.map { .attempt($0) } ?? .decision(event) }
  }

  private let historyLimit: Int
  private let deadLettersLimit: Int
  private let deadLetterBytesLimit: Int
  private var entries = Deque<Entry>()
  /// Events that would be forgotten, if they were finished and had no dead letters: what a person is shown can be replayed, however old
  /// it is. All have lower numbers than `entries`.
  private var held: [String: Entry] = [:]
  /// How many dead letters an event has; no zeros.
  private var letterCounts: [String: Int] = [:]
  private var firstNumber = 0
  private var numbers: [String: Int] = [:]
  private(set) var known: KnownMessages
  /// The number of the next entry that a snapshot brings back: below all others, in their order.
  private var nextRestored = Int.min / 2
  private(set) var jobs: [String: Job] = [:]
  /// The last failed attempt at each job that is open.
  private(set) var failures: [String: FailedAttempt] = [:]
  /// The oldest first.
  private(set) var deadLetters: Deque<OpenDeadLetter> = []
  /// The number of the next dead letter: all that are in the list have a lower one.
  private(set) var nextLetterNumber = 0
  /// About what memory holds for them.
  private(set) var deadLetterBytes = 0
  private(set) var undecidedCount = 0
  /// Jobs whose end came before their decision: a full disk had the decision wait, and then took the end.
  private var endedEarly: Set<String> = []
  /// How often in a row the process ended in an attempt at a job, or in the decision on an event; no zeros.
  private var crashes: [Crash: Int] = [:]
  /// Dead letters that were forgotten because there were more than the limits allow.
  private(set) var forgottenDeadLetters = 0

  /// Notices that are to be sent, and rollouts that are to be watched.
  private(set) var followUps = FollowUps()

  /// - Parameters:
  ///   - deadLetterBytesLimit: what the list may take of memory, about; the newest letter is kept however large it is.
  ///   - knownLimit: the messages that are remembered.
  init(historyLimit: Int, deadLettersLimit: Int, deadLetterBytesLimit: Int, knownLimit: Int) {
    known = KnownMessages(limit: knownLimit)
    self.historyLimit = historyLimit
    self.deadLettersLimit = deadLettersLimit
    self.deadLetterBytesLimit = deadLetterBytesLimit
  }

  /// Events and jobs that are not finished.
  var backlog: Int { undecidedCount + jobs.count }

  /// Since when the oldest work waits: an event that is not decided, since it was received; a job, since its decision. nil where all is
  /// finished. A replay counts from its own decision on, however old its event is.
  var oldestWork: Timestamp? {
    var oldest = jobs.values.lazy.map(\.startedAt).min()
    guard undecidedCount > 0 else { return oldest }
    for entry in held.values where !entry.isDecided { oldest = min(oldest ?? entry.receivedAt, entry.receivedAt) }
    // They stand in the order they came.
    if let entry = entries.first(where: { !$0.isDecided }) { oldest = min(oldest ?? entry.receivedAt, entry.receivedAt) }
    return oldest
  }

  var count: Int { entries.count + held.count }

  /// What retention would have to keep: it falls when events and jobs end, and when dead letters leave the list.
  var liveCount: Int { backlog + deadLetters.count }

  /// The entry called `id`.
  subscript(id: String) -> Entry? { numbers[id].map { entries[$0 - firstNumber] } ?? held[id] }

  /// The id of the event with `key`, so that a redelivery finds it.
  func id(forKey key: SHA256Digest) -> String? { known[key] }

  /// Up to `limit` entries with a number below `before`, newest first.
  func newest(_ limit: Int, before: Int?) -> [Entry] {
    let end = firstNumber + entries.count
    let recent = Array(entries[..<(max(firstNumber, min(before ?? end, end)) - firstNumber)].suffix(limit).reversed())
    guard recent.count < limit, !held.isEmpty else { return recent }
    let older = held.values.filter { entry in before.map { entry.number < $0 } ?? true }.sorted { $0.number > $1.number }
    return recent + older.prefix(limit - recent.count)
  }

  /// In the order they came.
  var unfinished: [Entry] {
    held.values.filter { !$0.isFinished }.sorted { $0.number < $1.number } + entries.filter { !$0.isFinished }
  }

  /// How often in a row the process ended in attempts at the job, or in decisions on the event where there is none.
  func crashes(of job: String?, event: String) -> Int { crashes[Crash(job, event)] ?? 0 }

  // MARK: Changes

  mutating func accept(id: String, key: SHA256Digest?, source: String, receivedAt: Timestamp, at position: LogPosition) {
    let number = firstNumber + entries.count
    guard held[id] == nil else { return }
    if let earlier = numbers.updateValue(number, forKey: id) { return numbers[id] = earlier }
    entries.append(Entry(id: id, number: number, key: key, source: source, receivedAt: receivedAt, position: position))
    if let key { known.insert(KnownMessages.Message(key: key, id: id, receivedAt: receivedAt, segment: position.segment)) }
    undecidedCount += 1
  }

  /// - Returns: false where the record is about an event that the index does not know: it was forgotten, or is damaged.
  @discardableResult
  mutating func apply(_ record: StateRecord, at position: LogPosition) -> Bool {
    let number = numbers[record.eventID]
    let found = number.map { entries[$0 - firstNumber] } ?? held[record.eventID]
    followUps.apply(record, found, record.jobID.flatMap { jobs[$0] })
    guard var entry = found else { return false }
    entry.trail.append(position)
    entry.recordCount += 1
    switch record {
    case .decision(let decision): decide(decision, &entry)
    case .planned(let job, _, let restartedAt, _): jobs[job]?.planned = restartedAt
    case .attemptFailed(let job, _, let attempt, let error, let at):
      crashes[.attempt(job)] = nil
      if jobs[job] != nil { failures[job] = FailedAttempt(attempt: attempt, error: error, at: at) }
    case .crashed(let job, let event, _): crashes[Crash(job, event), default: 0] += 1
    case .rollout, .notified, .receivers: break
    case .finished(let job, _, let outcome, let detail, _, _, _):
      close(job, &entry)
      entry.settle(outcome, detail)
    case .deadLetter(let letter):
      if let job = letter.job { close(job.id, &entry) }
      bury(letter, &entry)
    case .replayed(let letter, _, let job, let scope, _, _):
      forgetLetters(of: entry) { $0.letter.id == letter }
      reopen(&entry, job, Replay(deadLetter: letter, scope: scope, round: entry.recordCount - 1))
    case .discarded(let letter, _, _, _, _): forgetLetters(of: entry) { $0.letter.id == letter }
    }
    if let number { entries[number - firstNumber] = entry } else { keep(&entry) }
    forgetOldest()
    return true
  }

  private mutating func decide(_ decision: StateRecord.Decision, _ entry: inout Entry) {
    if !entry.isDecided {
      undecidedCount -= 1
      entry.isDecided = true
    } else if let index = entry.replays.firstIndex(where: { decision.replayOf ?? $0.deadLetter == $0.deadLetter }) {
      // Decisions of earlier versions do not say which replay they are of; there was one at a time.
      undecidedCount -= 1
      entry.replays.remove(at: index)
    }
    entry.image = decision.image
    for job in decision.jobs where endedEarly.remove(job.id) == nil { open(job, &entry) }
    // The process may have ended before an earlier decision became durable, but in the attempts that came of it.
    if !crashes.isEmpty, let count = crashes.removeValue(forKey: .decision(entry.id)) {
      for job in decision.jobs where jobs[job.id] != nil { crashes[.attempt(job.id)] = count }
    }
    if let outcome = decision.outcome { entry.settle(outcome, decision.reason) }
    for letter in decision.deadLetters { bury(letter, &entry) }
  }

  private mutating func open(_ job: Job, _ entry: inout Entry) {
    if jobs.updateValue(job, forKey: job.id) == nil { entry.openJobs += 1 }
  }

  private mutating func close(_ job: String, _ entry: inout Entry) {
    if !crashes.isEmpty { crashes[.attempt(job)] = nil }
    if jobs.removeValue(forKey: job) != nil {
      failures[job] = nil
      entry.openJobs -= 1
    } else if !entry.isDecided || !entry.replays.isEmpty {
      endedEarly.insert(job)
    }
  }

  /// A replay begins the event's story again, unless it has other dead letters: what it showed before stays in its trail only.
  private mutating func reopen(_ entry: inout Entry, _ job: Job?, _ replay: Replay) {
    if letterCounts[entry.id] == nil {
      entry.outcome = nil
      entry.reason = ""
    }
    if let job { return open(job, &entry) }
    undecidedCount += 1
    entry.replays.append(replay)
  }

  private mutating func bury(_ letter: DeadLetter, _ entry: inout Entry) {
    entry.settle(.dead, letter.detail)
    let open = OpenDeadLetter(number: nextLetterNumber, letter: letter, of: entry)
    deadLetters.append(open)
    deadLetterBytes += open.bytes
    nextLetterNumber += 1
    letterCounts[entry.id, default: 0] += 1
    while deadLetters.count > deadLettersLimit || deadLetterBytes > deadLetterBytesLimit && deadLetters.count > 1,
      let oldest = deadLetters.popFirst()
    {
      release(oldest, current: entry)
      forgottenDeadLetters += 1
    }
  }

  // MARK: Forgetting

  /// - Parameter current: is being changed, and kept by the caller.
  private mutating func forgetLetters(of current: Entry, where isMeant: (OpenDeadLetter) -> Bool) {
    for open in deadLetters where isMeant(open) { release(open, current: current) }
    deadLetters.removeAll(where: isMeant)
  }

  /// Forgets the event of a letter that leaves the list, if that was all it was kept for.
  private mutating func release(_ open: OpenDeadLetter, current: Entry) {
    let letter = open.letter
    deadLetterBytes -= open.bytes
    let count = letterCounts[letter.eventID] ?? 0
    letterCounts[letter.eventID] = count > 1 ? count - 1 : nil
    if letter.eventID != current.id, let entry = held[letter.eventID], !isHeld(entry) { held[letter.eventID] = nil }
  }

  /// Puts a changed entry that was held where it belongs. One that is held no longer comes back as the newest of the history: what has
  /// just ended can be asked for as long as what has just come.
  private mutating func keep(_ entry: inout Entry) {
    if isHeld(entry) {
      held[entry.id] = entry
    } else {
      held[entry.id] = nil
      entry.number = firstNumber + entries.count
      numbers[entry.id] = entry.number
      entries.append(entry)
    }
  }

  /// Whether the entry is kept however old it is.
  private func isHeld(_ entry: Entry) -> Bool { !entry.isFinished || letterCounts[entry.id] != nil }

  private mutating func forgetOldest() {
    while entries.count > historyLimit, let oldest = entries.popFirst() {
      firstNumber += 1
      numbers[oldest.id] = nil
      if isHeld(oldest) { held[oldest.id] = oldest }
    }
  }
}

// MARK: - Retention

extension EventIndex {
  /// Forgets finished events at the old end of the history whose records lie in segments before `segment`.
  /// - Parameter sparesEnded: whether finished events stay in the history that are there late, because they ended long after they came.
  ///   Else the history is cut behind the last that has records there.
  /// - Returns: the ids of the others that have records there: they must be moved before the segments may go.
  mutating func retire(before segment: UInt64, sparesEnded: Bool) -> [String] {
    let end = sparesEnded ? nil : entries.lastIndex { !isHeld($0) && isIn($0, before: segment) }.map { firstNumber + $0 }
    while let oldest = entries.first, firstNumber <= end ?? -1 || isIn(oldest, before: segment) {
      entries.removeFirst()
      firstNumber += 1
      numbers[oldest.id] = nil
      if isHeld(oldest) { held[oldest.id] = oldest }
    }
    let old = held.values.filter { isIn($0, before: segment) }.sorted { $0.number < $1.number }
    return old.map(\.id) + entries.filter { isIn($0, before: segment) }.map(\.id)
  }

  private func isIn(_ entry: Entry, before segment: UInt64) -> Bool {
    entry.position.segment < segment || entry.trail.contains { $0.segment < segment }
  }

  /// Notes that the record at `position` now stands for all records of an event.
  mutating func move(_ id: String, to position: LogPosition) {
    guard var entry = self[id] else { return }
    entry.position = position
    entry.trail = entry.recordCount == 0 ? [] : [position]
    if let number = numbers[id] { entries[number - firstNumber] = entry } else { held[id] = entry }
    if let key = entry.key {
      known.move(KnownMessages.Message(key: key, id: id, receivedAt: entry.receivedAt, segment: position.segment))
    }
  }

  /// Applies a snapshot that is found in the log. What it stands for may be there too, if the process ended before it was removed.
  mutating func restore(_ event: Event, _ states: [StateRecord], at position: LogPosition) {
    defer { move(event.id, to: position) }
    guard self[event.id] == nil else { return }
    let entry = Entry(
      id: event.id, number: nextRestored, key: event.deduplicationKey, source: event.source, receivedAt: event.receivedAt,
      position: position)
    nextRestored += 1
    held[event.id] = entry
    undecidedCount += 1
    for state in states { apply(state, at: position) }
  }

  /// Applies a snapshot of known messages that is found in the log.
  mutating func restore(_ messages: [KnownMessages.Message]) { for message in messages { known.move(message) } }

  /// Brings in order what snapshots have brought back late. To be called once, when the log has been read.
  mutating func finishReplay() {
    known.sort()
    deadLetters.sort { $0.letter.lastAt < $1.letter.lastAt }
    for (number, index) in deadLetters.indices.enumerated() { deadLetters[index].number = number }
    nextLetterNumber = deadLetters.count
    followUps.finishReplay()
  }

  /// Notes where known messages are written down now.
  mutating func moveKnown(_ messages: [KnownMessages.Message], to position: LogPosition) {
    for var message in messages where known[message.key] != nil {
      message.segment = position.segment
      known.move(message)
    }
  }
}
