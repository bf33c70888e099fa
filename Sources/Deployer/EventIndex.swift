import Clocks
import DequeModule
import DurableLog
import OpenSSL

/// What memory holds of the log: which events there are, how far each has come, and where its records lie.
///
/// A value without I/O. The same `apply` builds it while the log is read at start and while the server runs, so it can never say
/// more than the log does. Of the events beyond `historyLimit`, oldest first, those that are finished are forgotten, unless they have
/// dead letters; their records stay in the log. The others are held apart, and make no room for themselves in the history: however long
/// one job waits, the history does not grow behind it.
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
    let position: LogPosition
    /// Where the state records lie, oldest first.
    var trail: [LogPosition] = []
    var image: String?
    var isDecided = false
    var openJobs = 0
    /// The weightiest outcome so far; it is final when nothing is open.
    var outcome: Outcome?
    var reason = ""
    var isFinished: Bool { isDecided && openJobs == 0 }

    mutating func settle(_ outcome: Outcome, _ reason: String) {
      if let current = self.outcome, current.weight > outcome.weight { return }
      self.outcome = outcome
      self.reason = reason
    }
  }

  /// A dead letter that nobody has replayed or discarded.
  struct OpenDeadLetter: Sendable {
    let letter: DeadLetter
    let image: String?
  }

  /// What the process was at when it ended.
  private enum Crash: Hashable, Sendable {
    case attempt(String)
    case decision(String)

    init(_ job: String?, _ event: String) { self = job.map { .attempt($0) } ?? .decision(event) }
  }

  private let historyLimit: Int
  private let deadLettersLimit: Int
  private var entries = Deque<Entry>()
  /// Events that would be forgotten, if they were finished and had no dead letters: what a person is shown can be replayed, however old
  /// it is. All have lower numbers than `entries`.
  private var held: [String: Entry] = [:]
  /// How many dead letters an event has; no zeros.
  private var letterCounts: [String: Int] = [:]
  private var firstNumber = 0
  private var numbers: [String: Int] = [:]
  private var keys: [SHA256Digest: String] = [:]
  private(set) var jobs: [String: Job] = [:]
  /// The oldest first.
  private(set) var deadLetters: Deque<OpenDeadLetter> = []
  private(set) var undecidedCount = 0
  /// Jobs whose end came before their decision: a full disk had the decision wait, and then took the end.
  private var endedEarly: Set<String> = []
  /// How often in a row the process ended in an attempt at a job, or in the decision on an event; no zeros.
  private var crashes: [Crash: Int] = [:]
  /// Dead letters that were forgotten because there were more than the limit.
  private(set) var forgottenDeadLetters = 0

  init(historyLimit: Int, deadLettersLimit: Int) {
    self.historyLimit = historyLimit
    self.deadLettersLimit = deadLettersLimit
  }

  /// Events and jobs that are not finished.
  var backlog: Int { undecidedCount + jobs.count }

  var count: Int { entries.count + held.count }

  /// The entry called `id`.
  subscript(id: String) -> Entry? { numbers[id].map { entries[$0 - firstNumber] } ?? held[id] }

  /// The id of the event with `key`, so that a redelivery finds it.
  func id(forKey key: SHA256Digest) -> String? { keys[key] }

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
    guard self[id] == nil else { return }
    let number = firstNumber + entries.count
    entries.append(Entry(id: id, number: number, key: key, source: source, receivedAt: receivedAt, position: position))
    numbers[id] = number
    if let key { keys[key] = id }
    undecidedCount += 1
  }

  /// - Returns: false where the record is about an event that the index does not know: it was forgotten, or is damaged.
  @discardableResult
  mutating func apply(_ record: StateRecord, at position: LogPosition) -> Bool {
    guard var entry = self[record.eventID] else { return false }
    entry.trail.append(position)
    switch record {
    case .decision(let decision): decide(decision, &entry)
    case .planned(let job, _, let restartedAt, _): jobs[job]?.planned = restartedAt
    case .attemptFailed(let job, _, _, _, _): crashes[.attempt(job)] = nil
    case .crashed(let job, let event, _): crashes[Crash(job, event), default: 0] += 1
    case .finished(let job, _, let outcome, let detail, _, _):
      close(job, &entry)
      entry.settle(outcome, detail)
    case .deadLetter(let letter):
      if let job = letter.job { close(job.id, &entry) }
      bury(letter, &entry)
    case .replayed(let letter, _, let job, _, _):
      forgetLetters(of: entry) { $0.letter.id == letter }
      reopen(job, &entry)
    case .discarded(let letter, _, _, _): forgetLetters(of: entry) { $0.letter.id == letter }
    }
    keep(&entry)
    forgetOldest()
    return true
  }

  private mutating func decide(_ decision: StateRecord.Decision, _ entry: inout Entry) {
    if !entry.isDecided { undecidedCount -= 1 }
    entry.isDecided = true
    entry.image = decision.image
    for job in decision.jobs where endedEarly.remove(job.id) == nil { open(job, &entry) }
    // The process may have ended before an earlier decision became durable, but in the attempts that came of it.
    if let count = crashes.removeValue(forKey: .decision(entry.id)) {
      for job in decision.jobs where jobs[job.id] != nil { crashes[.attempt(job.id)] = count }
    }
    if let outcome = decision.outcome { entry.settle(outcome, decision.reason) }
    for letter in decision.deadLetters { bury(letter, &entry) }
  }

  private mutating func open(_ job: Job, _ entry: inout Entry) {
    if jobs.updateValue(job, forKey: job.id) == nil { entry.openJobs += 1 }
  }

  private mutating func close(_ job: String, _ entry: inout Entry) {
    crashes[.attempt(job)] = nil
    if jobs.removeValue(forKey: job) != nil {
      entry.openJobs -= 1
    } else if !entry.isDecided {
      endedEarly.insert(job)
    }
  }

  /// A replay begins the event's story again: what it showed before stays in its trail only.
  private mutating func reopen(_ job: Job?, _ entry: inout Entry) {
    entry.outcome = nil
    entry.reason = ""
    if let job { return open(job, &entry) }
    if entry.isDecided { undecidedCount += 1 }
    entry.isDecided = false
  }

  private mutating func bury(_ letter: DeadLetter, _ entry: inout Entry) {
    entry.settle(.dead, letter.detail)
    deadLetters.append(OpenDeadLetter(letter: letter, image: entry.image))
    letterCounts[entry.id, default: 0] += 1
    guard deadLetters.count > deadLettersLimit, let oldest = deadLetters.popFirst()?.letter else { return }
    release(oldest, current: entry)
    forgottenDeadLetters += 1
  }

  // MARK: Forgetting

  /// - Parameter current: is being changed, and kept by the caller.
  private mutating func forgetLetters(of current: Entry, where isMeant: (OpenDeadLetter) -> Bool) {
    for open in deadLetters where isMeant(open) { release(open.letter, current: current) }
    deadLetters.removeAll(where: isMeant)
  }

  /// Forgets the event of a letter that leaves the list, if that was all it was kept for.
  private mutating func release(_ letter: DeadLetter, current: Entry) {
    let count = letterCounts[letter.eventID] ?? 0
    letterCounts[letter.eventID] = count > 1 ? count - 1 : nil
    if letter.eventID != current.id, let entry = held[letter.eventID], !isHeld(entry) { forget(entry) }
  }

  /// Puts a changed entry where it belongs. One that was held and is no longer comes back as the newest of the history: what has just
  /// ended can be asked for as long as what has just come.
  private mutating func keep(_ entry: inout Entry) {
    if let number = numbers[entry.id] {
      entries[number - firstNumber] = entry
    } else if isHeld(entry) {
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
      if isHeld(oldest) { held[oldest.id] = oldest } else { forget(oldest) }
    }
  }

  private mutating func forget(_ entry: Entry) {
    held[entry.id] = nil
    if let key = entry.key { keys[key] = nil }
  }
}
