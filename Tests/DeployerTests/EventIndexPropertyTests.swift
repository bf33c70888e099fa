@testable import Deployer
import DurableLog
import Testing
import TestSupport

struct EventIndexPropertyTests {
  /// One record as the log holds it.
  private enum Entry {
    case event(String)
    case state([UInt8])
  }

  @Test(arguments: 0..<40) func isWhatItsRecordsMakeOfIt(_ round: Int) throws {
    var random = SplitMix()
    var story = RandomStory(history: Int.random(in: 1...30, using: &random), deadLetters: Int.random(in: 1...10, using: &random))
    for _ in 0..<300 { story.step(&random) }
    var rebuilt = Samples.index(history: story.history, deadLetters: story.letters)
    for (number, entry) in story.log.enumerated() {
      switch entry {
      case .event(let id): rebuilt.accept(id, number)
      case .state(let payload): rebuilt.apply(try #require(StateRecord(payload: payload)), at: Samples.position(number))
      }
    }
    #expect(rebuilt.dump == story.index.dump, "seed \(random.seed)")
    let replays = story.replays.values.reduce(0) { $0 + $1.count }
    #expect(
      story.index.backlog == story.open.values.reduce(0) { $0 + max(1, $1.count) } + replays, "seed \(random.seed)")
    #expect(Set(story.index.unfinished.map(\.id)) == Set(story.open.keys).union(story.replays.keys), "seed \(random.seed)")
    #expect(story.index.deadLetters.count <= story.letters, "seed \(random.seed)")
    let bound = story.history + story.open.count + story.replays.count + story.index.deadLetters.count
    #expect(story.index.count <= bound, "seed \(random.seed)")
  }

  /// Random but possible changes, and what must be open after each.
  private struct RandomStory {
    let history: Int
    let letters: Int
    var index: EventIndex
    var log: [Entry] = []
    /// The events that are not finished, each with its open jobs; none means that it is not decided.
    var open: [String: [Job]] = [:]
    /// The dead letters of each event that are replayed and not decided.
    var replays: [String: [String]] = [:]
    private var events = 0
    private var numbers = 0

    init(history: Int, deadLetters: Int) {
      self.history = history
      letters = deadLetters
      index = Samples.index(history: history, deadLetters: deadLetters)
    }

    mutating func step(_ random: inout SplitMix) {
      let event = open.keys.sorted().randomElement(using: &random)
      let job = event.flatMap { open[$0]?.randomElement(using: &random) }
      switch (Int.random(in: 0..<11, using: &random), event, job) {
      case (0...1, _, _): accept()
      case (2...3, let event?, nil): decide(event, jobs: Int.random(in: 0...3, using: &random), &random)
      case (4, _, let job?): close(job, Samples.finished(job, Bool.random(using: &random) ? .succeeded : .coalesced))
      case (5, _, let job?): close(job, .deadLetter(Samples.letter(next("\(job.eventID).dead"), of: job.eventID, job: job)))
      case (6, _, let job?):
        append(.planned(job: job.id, eventID: job.eventID, restartedAt: Samples.now, at: Samples.now))
      case (8, let event?, _): append(.crashed(job: job?.id, eventID: event, at: Samples.now))
      case (9, let event?, let job?):
        append(.attemptFailed(job: job.id, eventID: event, attempt: 1, error: "503", at: Samples.now))
      case (7, _, _): replayOrDiscard(&random)
      case (10, _, _): decideReplay(&random)
      default: break
      }
    }

    private mutating func next(_ noun: String) -> String {
      numbers += 1
      return "\(noun)\(numbers)"
    }

    private mutating func append(_ record: StateRecord) {
      index.apply(record, at: Samples.position(log.count))
      log.append(.state(record.payload))
    }

    private mutating func accept() {
      events += 1
      index.accept("\(events)", log.count)
      log.append(.event("\(events)"))
      open["\(events)"] = []
    }

    private mutating func decide(_ event: String, jobs count: Int, _ random: inout SplitMix) {
      let jobs = (0..<count).map { _ in Samples.job(next("\(event).job"), of: event) }
      let letters = count == 0 && Bool.random(using: &random) ? [Samples.letter(next("\(event).dead"), of: event)] : []
      append(Samples.decision(event, jobs: jobs, letters: letters, outcome: count == 0 && letters.isEmpty ? .filtered : nil))
      open[event] = jobs.isEmpty ? nil : jobs
    }

    private mutating func close(_ job: Job, _ record: StateRecord) {
      append(record)
      open[job.eventID]?.removeAll { $0.id == job.id }
      if open[job.eventID]?.isEmpty == true { open[job.eventID] = nil }
    }

    private mutating func replayOrDiscard(_ random: inout SplitMix) {
      guard let letter = index.deadLetters.randomElement(using: &random)?.letter else { return }
      // Earlier versions did a job again as it was.
      guard Bool.random(using: &random) else {
        return append(.discarded(deadLetter: letter.id, eventID: letter.eventID, by: "admin", at: Samples.now))
      }
      guard Bool.random(using: &random), letter.job != nil, open[letter.eventID]?.isEmpty != true else {
        replays[letter.eventID, default: []].append(letter.id)
        return append(
          .replayed(
            deadLetter: letter.id, eventID: letter.eventID, job: nil, scope: letter.scope, by: "admin", at: Samples.now))
      }
      let job = Samples.job(next("\(letter.eventID).job"), of: letter.eventID)
      append(.replayed(deadLetter: letter.id, eventID: letter.eventID, job: job, by: "admin", at: Samples.now))
      open[letter.eventID, default: []].append(job)
    }

    private mutating func decideReplay(_ random: inout SplitMix) {
      guard let event = replays.keys.sorted().randomElement(using: &random), open[event]?.isEmpty != true,
        let letter = replays[event]?.randomElement(using: &random)
      else { return }
      replays[event]?.removeAll { $0 == letter }
      if replays[event]?.isEmpty == true { replays[event] = nil }
      let jobs = Bool.random(using: &random) ? [Samples.job(next("\(event).job"), of: event, replayOf: letter)] : []
      append(Samples.decision(event, jobs: jobs, outcome: jobs.isEmpty ? .filtered : nil, replayOf: letter))
      if !jobs.isEmpty { open[event, default: []] += jobs }
    }
  }
}
