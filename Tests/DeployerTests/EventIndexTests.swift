import Clocks
@testable import Deployer
@testable import DurableLog
import Testing

struct EventIndexTests {
  @Test func countsAnEventAsBacklogUntilItsJobsHaveEnded() {
    var index = Samples.index()
    index.accept("1")
    var backlogs = [index.backlog]
    let jobs = [Samples.job("1.job1", of: "1"), Samples.job("1.job2", of: "1", target: "backend")]
    for record in [Samples.decision("1", jobs: jobs), Samples.finished(jobs[0]), Samples.finished(jobs[1], .superseded)] {
      #expect(index["1"]?.isFinished == false)
      index.apply(record)
      backlogs.append(index.backlog)
    }
    #expect(backlogs == [1, 2, 1, 0])
    #expect(index["1"]?.isFinished == true)
    #expect(index["1"]?.outcome == .succeeded)
    #expect(index.unfinished.isEmpty)
  }

  @Test func knowsSinceWhenTheOldestWorkWaits() {
    var index = Samples.index()
    #expect(index.oldestWork == nil)
    func accept(_ id: String, after: Duration) {
      index.accept(id: id, key: nil, source: "gar", receivedAt: Samples.now + after, at: Samples.position(1))
    }
    accept("0", after: .seconds(-9))
    index.apply(Samples.decision("0", outcome: .filtered))
    #expect(index.oldestWork == nil)
    accept("1", after: .seconds(-5))
    accept("2", after: .seconds(3))
    #expect(index.oldestWork == Samples.now - .seconds(5))
    // The event's own age counts no more: from its decision on, its job's does.
    let job = Samples.job("1.job1", of: "1")
    index.apply(Samples.decision("1", jobs: [job]))
    #expect(index.oldestWork == Samples.now)
    index.apply(Samples.finished(job))
    #expect(index.oldestWork == Samples.now + .seconds(3))
  }

  /// What ended long after it came is the newest of the history, though its record is old. It is spared, unless there is no room at all.
  @Test(arguments: [true, false]) func sparesWhatEndedLate(_ sparesEnded: Bool) throws {
    func position(_ segment: UInt64) throws -> LogPosition { try #require(LogPosition(segment: segment, offset: 8)) }
    var index = Samples.index()
    index.accept(id: "late", key: nil, source: "gar", receivedAt: Samples.now, at: try position(1))
    index.accept(id: "waiting", key: nil, source: "gar", receivedAt: Samples.now, at: try position(1))
    #expect(index.retire(before: 2, sparesEnded: sparesEnded) == ["late", "waiting"])
    index.accept(id: "new", key: nil, source: "gar", receivedAt: Samples.now, at: try position(3))
    for id in ["late", "new"] { index.apply(Samples.decision(id, outcome: .filtered), at: try position(3)) }
    #expect(index.retire(before: 3, sparesEnded: sparesEnded) == (sparesEnded ? ["waiting", "late"] : ["waiting"]))
    #expect((index["late"] != nil) == sparesEnded)
    #expect(index["waiting"]?.isFinished == false)
  }

  /// An event that has left the history waits all the same.
  @Test func countsWorkThatIsOlderThanTheHistory() {
    var index = Samples.index(history: 1)
    for number in 1...3 {
      index.accept(
        id: "\(number)", key: nil, source: "gar", receivedAt: Samples.now + .seconds(number), at: Samples.position(number))
      if number > 1 { index.apply(Samples.decision("\(number)", outcome: .filtered)) }
    }
    #expect(index.oldestWork == Samples.now + .seconds(1))
  }

  @Test func showsTheWeightiestOutcomeOfAnEventsJobs() {
    var index = Samples.index()
    index.accept("1")
    let jobs = (1...3).map { Samples.job("1.job\($0)", of: "1", target: "web\($0)") }
    index.apply(Samples.decision("1", jobs: jobs))
    index.apply(Samples.finished(jobs[0], .coalesced))
    index.apply(.deadLetter(Samples.letter("1.dead2", of: "1", job: jobs[1])))
    index.apply(Samples.finished(jobs[2]))
    #expect(index["1"]?.outcome == .dead)
    #expect(index["1"]?.reason == "may not")
  }

  @Test func finishesAnEventWithoutJobsByItsDecision() {
    var index = Samples.index()
    index.accept("1")
    index.apply(Samples.decision("1", outcome: .filtered, reason: "no rule"))
    #expect(index["1"]?.isFinished == true)
    #expect(index["1"]?.outcome == .filtered)
    #expect(index.backlog == 0)
  }

  @Test func acceptsAnEventOnce() {
    var index = Samples.index()
    index.accept("1", 1)
    index.accept("1", 2)
    #expect(index.count == 1)
    #expect(index.backlog == 1)
    #expect(index["1"]?.position == Samples.position(1))
  }

  @Test func keepsAPlannedValueWithItsJob() {
    var index = Samples.index()
    index.accept("1")
    index.apply(Samples.decision("1", jobs: [Samples.job("1.job1", of: "1")]))
    index.apply(.planned(job: "1.job1", eventID: "1", restartedAt: Samples.now, at: Samples.now))
    #expect(index.jobs["1.job1"]?.planned == Samples.now)
  }

  @Test func refusesRecordsOfUnknownEvents() {
    var index = Samples.index()
    let isApplied = index.apply(Samples.decision("2", outcome: .filtered))
    #expect(!isApplied)
    #expect(index.dump == Samples.index().dump)
  }

  /// A full disk has the decision wait, and then takes the job's end.
  @Test func doesNotOpenAJobThatEndedBeforeItsDecision() {
    var index = Samples.index()
    index.accept("1")
    let job = Samples.job("1.job1", of: "1")
    index.apply(Samples.finished(job))
    #expect(index["1"]?.isFinished == false)
    index.apply(Samples.decision("1", jobs: [job]))
    #expect(index["1"]?.isFinished == true)
    #expect(index.backlog == 0)
  }

  // MARK: Dead letters

  @Test func replayOfAJobReopensTheEvent() {
    var index = Samples.index()
    index.accept("1")
    let job = Samples.job("1.job1", of: "1")
    index.apply(Samples.decision("1", jobs: [job]))
    index.apply(.deadLetter(Samples.letter("1.dead1", of: "1", job: job)))
    #expect(index.deadLetters.map(\.letter.id) == ["1.dead1"])
    #expect(index["1"]?.outcome == .dead)
    let again = Samples.job("1.job2.1", of: "1")
    index.apply(.replayed(deadLetter: "1.dead1", eventID: "1", job: again, by: "admin", at: Samples.now))
    #expect(index.deadLetters.isEmpty)
    #expect(index["1"]?.isFinished == false)
    #expect(index["1"]?.outcome == nil)
    index.apply(Samples.finished(again))
    #expect(index["1"]?.outcome == .succeeded)
    #expect(index.backlog == 0)
  }

  @Test func replayOfAnEventAwaitsANewDecision() {
    var index = Samples.index()
    index.accept("1")
    index.apply(Samples.decision("1", letters: [Samples.letter("1.dead1", of: "1")]))
    #expect(index["1"]?.isFinished == true)
    index.apply(.replayed(deadLetter: "1.dead1", eventID: "1", job: nil, by: "admin", at: Samples.now))
    #expect(index.backlog == 1)
    #expect(index.unfinished.map(\.id) == ["1"])
    index.apply(Samples.decision("1", outcome: .filtered))
    #expect(index.backlog == 0)
  }

  /// The last one's own decision closes it, whichever comes first.
  @Test func eachReplayOfAnEventAwaitsItsOwnDecision() {
    var index = Samples.index()
    index.accept("1")
    let letters = ["1.dead1", "1.dead2"].map { Samples.letter($0, of: "1") }
    index.apply(Samples.decision("1", letters: letters))
    for letter in letters {
      index.apply(.replayed(deadLetter: letter.id, eventID: "1", job: nil, scope: letter.scope, by: "admin", at: Samples.now))
    }
    #expect(index["1"]?.replays.map(\.deadLetter) == ["1.dead1", "1.dead2"])
    #expect(Set(index["1"]?.replays.map(\.round) ?? []).count == 2, "their ids would be the same")
    #expect(index.backlog == 2)
    index.apply(Samples.decision("1", outcome: .filtered, replayOf: "1.dead2"))
    #expect(index["1"]?.replays.map(\.deadLetter) == ["1.dead1"])
    #expect(index.unfinished.map(\.id) == ["1"])
    index.apply(Samples.decision("1", outcome: .filtered, replayOf: "1.dead1"))
    #expect(index.unfinished.isEmpty && index.backlog == 0)
  }

  @Test func anEventIsDeadAsLongAsItHasAnotherDeadLetter() {
    var index = Samples.index()
    index.accept("1")
    index.apply(Samples.decision("1", letters: ["1.dead1", "1.dead2"].map { Samples.letter($0, of: "1") }))
    index.apply(.replayed(deadLetter: "1.dead1", eventID: "1", job: nil, by: "admin", at: Samples.now))
    index.apply(Samples.decision("1", outcome: .filtered, replayOf: "1.dead1"))
    #expect(index["1"]?.outcome == .dead)
  }

  @Test func discardLeavesTheEventAsItWas() {
    var index = Samples.index()
    index.accept("1")
    index.apply(Samples.decision("1", letters: [Samples.letter("1.dead1", of: "1")]))
    index.apply(.discarded(deadLetter: "1.dead1", eventID: "1", by: "admin", at: Samples.now))
    #expect(index.deadLetters.isEmpty)
    #expect(index["1"]?.outcome == .dead)
  }

  @Test func keepsTheNewestDeadLettersAndCountsTheOthers() {
    var index = Samples.index(deadLetters: 2)
    for number in 1...5 {
      index.accept("\(number)")
      index.apply(Samples.decision("\(number)", letters: [Samples.letter("\(number).dead1", of: "\(number)")]))
    }
    #expect(index.deadLetters.map(\.letter.id) == ["4.dead1", "5.dead1"])
    #expect(index.forgottenDeadLetters == 3)
  }

  /// Parameters can be as large as a message, and ten thousand of them are too much for any memory.
  @Test func keepsNoMoreBytesOfDeadLettersThanItMay() {
    var index = Samples.index(deadLetterBytes: 100_000)
    for number in 1...50 {
      index.accept("\(number)")
      let letter = Samples.letter("\(number).dead1", of: "\(number)", detail: String(repeating: "x", count: 9_000))
      index.apply(Samples.decision("\(number)", letters: [letter]))
      #expect(index.deadLetterBytes <= 100_000)
    }
    #expect(index.deadLetters.last?.letter.id == "50.dead1")
    #expect((5...11).contains(index.deadLetters.count))
    #expect(index.forgottenDeadLetters == 50 - index.deadLetters.count)
    for id in index.deadLetters.map(\.letter.id) {
      index.apply(.discarded(deadLetter: id, eventID: "\(id.dropLast(6))", by: "admin", at: Samples.now))
    }
    #expect(index.deadLetterBytes == 0)
  }

  @Test func keepsTheNewestDeadLetterHoweverLargeItIs() {
    var index = Samples.index(deadLetterBytes: 1000)
    for id in ["1", "2"] {
      index.accept(id)
      index.apply(
        Samples.decision(id, letters: [Samples.letter("\(id).dead1", of: id, detail: String(repeating: "x", count: 9_000))]))
    }
    #expect(index.deadLetters.map(\.letter.id) == ["2.dead1"])
  }

  // MARK: History

  @Test func forgetsFinishedEventsOldestFirst() {
    var index = Samples.index(history: 2)
    for number in 1...4 {
      index.accept("\(number)")
      index.apply(Samples.decision("\(number)", outcome: .filtered))
    }
    #expect(index.newest(9, before: nil).map(\.id) == ["4", "3"])
    #expect(index["2"] == nil)
  }

  @Test func forgetsNoEventThatIsNotFinished() {
    var index = Samples.index(history: 1)
    index.accept("1")
    for number in 2...4 {
      index.accept("\(number)")
      index.apply(Samples.decision("\(number)", outcome: .filtered))
    }
    #expect(index.unfinished.map(\.id) == ["1"])
    #expect(index.newest(9, before: nil).map(\.id) == ["4", "1"], "history is no longer for it")
    #expect(index.newest(1, before: nil).map(\.id) == ["4"])
    #expect(index.newest(9, before: index["4"]?.number).map(\.id) == ["1"])
  }

  /// Whoever waited for it asks what became of it.
  @Test func showsWhatHasJustEndedHoweverOldItIs() {
    var index = Samples.index(history: 2)
    index.accept("1")
    let job = Samples.job("1.job1", of: "1")
    index.apply(Samples.decision("1", jobs: [job]))
    for number in 2...4 {
      index.accept("\(number)")
      index.apply(Samples.decision("\(number)", outcome: .filtered))
    }
    index.apply(Samples.finished(job))
    #expect(index.newest(9, before: nil).map(\.id) == ["1", "4"])
    #expect(index["1"]?.outcome == .succeeded)
    for number in 5...6 {
      index.accept("\(number)")
      index.apply(Samples.decision("\(number)", outcome: .filtered))
    }
    #expect(index["1"] == nil)
  }

  /// One job that waits for a day must not have the events of that day kept.
  @Test func theHistoryDoesNotGrowBehindAnUnfinishedEvent() {
    var index = Samples.index(history: 10)
    index.accept("0")
    index.apply(Samples.decision("0", jobs: [Samples.job("0.job1", of: "0")]))
    for number in 1...1000 {
      index.accept("\(number)")
      index.apply(Samples.decision("\(number)", outcome: .filtered))
    }
    #expect(index.count == 11)
    #expect(index.unfinished.map(\.id) == ["0"])
  }

  /// What a person was shown can still be replayed or discarded, however much came after it.
  @Test func remembersTheEventsOfDeadLetters() {
    var index = Samples.index(history: 1)
    index.accept("1")
    index.apply(Samples.decision("1", letters: [Samples.letter("1.dead1", of: "1")]))
    for number in 2...4 {
      index.accept("\(number)")
      index.apply(Samples.decision("\(number)", outcome: .filtered))
    }
    #expect(index["1"]?.outcome == .dead)
    index.apply(.replayed(deadLetter: "1.dead1", eventID: "1", job: nil, by: "admin", at: Samples.now))
    #expect(index.unfinished.map(\.id) == ["1"])
    index.apply(Samples.decision("1", outcome: .filtered))
    #expect(index["1"]?.outcome == .filtered)
    #expect(index.count == 1)
    #expect(index.backlog == 0)
  }

  @Test(arguments: [(nil, ["3", "2"]), (2, ["2"]), (Int.min, []), (Int.max, ["3", "2"])] as [(Int?, [String])])
  func pagesFromAnyNumber(_ before: Int?, _ ids: [String]) {
    var index = Samples.index(history: 2)
    for number in 1...3 {
      index.accept("\(number)")
      index.apply(Samples.decision("\(number)", outcome: .filtered))
    }
    #expect(index.newest(9, before: before).map(\.id) == ids)
  }

  // MARK: Crashes

  private func crashed(_ job: String?) -> StateRecord { .crashed(job: job, eventID: "1", at: Samples.now) }

  @Test func countsTheEndsOfTheProcessInARow() {
    let job = Samples.job("1.job1", of: "1")
    var index = Samples.index()
    index.accept("1")
    index.apply(Samples.decision("1", jobs: [job]))
    for expected in 1...2 {
      index.apply(crashed("1.job1"))
      #expect(index.crashes(of: "1.job1", event: "1") == expected)
    }
    index.apply(.attemptFailed(job: "1.job1", eventID: "1", attempt: 1, error: "503", at: Samples.now))
    #expect(index.crashes(of: "1.job1", event: "1") == 0)
    index.apply(crashed("1.job1"))
    index.apply(Samples.finished(job))
    #expect(index.crashes(of: "1.job1", event: "1") == 0)
  }

  /// What failed last is known as long as the job is open.
  @Test func knowsTheLastFailureOfAnOpenJob() {
    var index = Samples.index()
    index.accept("1")
    let job = Samples.job("1.job1", of: "1")
    index.apply(Samples.decision("1", jobs: [job]))
    for (attempt, error) in [(1, "503"), (2, "refused")] {
      index.apply(.attemptFailed(job: "1.job1", eventID: "1", attempt: attempt, error: error, at: Samples.now))
    }
    #expect(index.failures["1.job1"]?.attempt == 2 && index.failures["1.job1"]?.error == "refused")
    index.apply(Samples.finished(job))
    index.apply(.attemptFailed(job: "1.job1", eventID: "1", attempt: 3, error: "late", at: Samples.now))
    #expect(index.failures.isEmpty)
  }

  /// The jobs of a decision that is durable at last are the suspects that the event was.
  @Test func aDecisionHandsItsCountToItsJobs() {
    var index = Samples.index()
    index.accept("1")
    index.apply(crashed(nil))
    #expect(index.crashes(of: nil, event: "1") == 1 && index["1"]?.isDecided == false && index.backlog == 1)
    index.apply(Samples.decision("1", jobs: [Samples.job("1.job1", of: "1"), Samples.job("1.job2", of: "1", target: "other")]))
    #expect(index.crashes(of: nil, event: "1") == 0)
    #expect(["1.job1", "1.job2"].map { index.crashes(of: $0, event: "1") } == [1, 1])
  }
}
