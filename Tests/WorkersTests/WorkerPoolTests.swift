import Locks
import TestSupport
import Testing
import Workers

@Suite(.timeLimit(.minutes(5))) struct WorkerPoolTests {
  /// What a pool did, in order.
  final class Journal: Sendable {
    private let lines = Mutex<[String]>([])
    func add(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
  }

  /// Lets attempts begin and end when a test says so.
  final class Gate: Sendable {
    private let (begun, begin) = AsyncStream.makeStream(of: Int.self)
    private let open = Mutex<[Int: CheckedContinuation<AttemptVerdict, Never>]>([:])

    func attempt(_ item: Int) async -> AttemptVerdict {
      await withCheckedContinuation { continuation in
        open.withLock { $0[item] = continuation }
        begin.yield(item)
      }
    }

    func nextBegun() async -> Int? { await begun.first { _ in true } }
    func end(_ item: Int, _ verdict: AttemptVerdict = .finished(.nothing)) {
      open.withLock { $0.removeValue(forKey: item) }?.resume(returning: verdict)
    }
  }

  private static let once = RetryPolicy(base: .seconds(1), cap: .seconds(1), attemptsLimit: 3)

  /// Draws the longest wait each time.
  private struct Longest: RandomNumberGenerator { func next() -> UInt64 { .max } }

  private func pool(
    _ gate: Gate, _ journal: Journal, _ clock: ManualClock, width: Int = 2, waitingLimit: Int = 10,
    retry: RetryPolicy = once, coalesces: Bool = false
  ) -> WorkerPool<String, Int> {
    WorkerPool(
      width: width, waitingLimit: waitingLimit, retry: retry, clock: clock, generator: Longest(),
      coalesces: { _, _ in coalesces },
      coalesced: { journal.add("\($0) coalesced into \($1)") },
      exhausted: { journal.add("\($0) exhausted after \($1.attempts)") },
      perform: { item, attempt in
        journal.add("\(item) attempt \(attempt)")
        return await gate.attempt(item)
      })
  }

  @Test func runsOneOfAKeyAtATimeAndOthersBesideIt() async throws {
    let (gate, journal, clock) = (Gate(), Journal(), ManualClock())
    let pool = pool(gate, journal, clock)
    try pool.submit(1, for: "a")
    try pool.submit(2, for: "a")
    try pool.submit(3, for: "b")
    try pool.submit(4, for: "c")
    await withDiscardingTaskGroup { group in
      group.addTask { await pool.run() }
      #expect(Set([await gate.nextBegun(), await gate.nextBegun()]) == [1, 3])
      #expect(pool.snapshot == WorkerPoolSnapshot(waiting: 2, inFlight: 2, inBackoff: 0))
      gate.end(1)
      #expect(await gate.nextBegun() == 4, "the key that waited longest goes first")
      gate.end(3)
      #expect(await gate.nextBegun() == 2)
      gate.end(2)
      gate.end(4)
      #expect(await pool.drain(within: .seconds(1)) == [])
    }
  }

  @Test func aNewerItemInheritsTheBackoffOfTheOneItReplaces() async throws {
    let (gate, journal, clock) = (Gate(), Journal(), ManualClock())
    let pool = pool(gate, journal, clock, coalesces: true)
    try pool.submit(1, for: "a")
    await withDiscardingTaskGroup { group in
      group.addTask { await pool.run() }
      _ = await gate.nextBegun()
      gate.end(1, .failed(AttemptFailure("test", retryAfter: .seconds(60))))
      await clock.sleepers(1)
      try? pool.submit(2, for: "a")
      try? pool.submit(3, for: "a")
      #expect(pool.snapshot == WorkerPoolSnapshot(waiting: 1, inFlight: 0, inBackoff: 1))
      clock.advance(by: .milliseconds(59_999))
      #expect(pool.snapshot.inBackoff == 1)
      clock.advance(by: .milliseconds(1))
      #expect(await gate.nextBegun() == 3)
      gate.end(3)
      #expect(await pool.drain(within: .seconds(1)) == [])
    }
    #expect(journal.all == ["1 attempt 1", "1 coalesced into 2", "2 coalesced into 3", "3 attempt 1"])
  }

  @Test func aFailedItemGivesWayToTheNewerOneBehindIt() async throws {
    let (gate, journal, clock) = (Gate(), Journal(), ManualClock())
    let pool = pool(gate, journal, clock, coalesces: true)
    try pool.submit(1, for: "a")
    await withDiscardingTaskGroup { group in
      group.addTask { await pool.run() }
      _ = await gate.nextBegun()
      try? pool.submit(2, for: "a")
      gate.end(1, .failed(AttemptFailure("test")))
      await clock.sleepers(1)
      clock.advance(by: .seconds(1))
      #expect(await gate.nextBegun() == 2)
      gate.end(2)
      #expect(await pool.drain(within: .seconds(1)) == [])
    }
    #expect(journal.all == ["1 attempt 1", "1 coalesced into 2", "2 attempt 1"])
  }

  @Test func reportsAnItemWhoseAttemptsRanOutAndGoesOnWithTheNext() async throws {
    let (gate, journal, clock) = (Gate(), Journal(), ManualClock())
    let pool = pool(gate, journal, clock)
    try pool.submit(1, for: "a")
    try pool.submit(2, for: "a")
    await withDiscardingTaskGroup { group in
      group.addTask { await pool.run() }
      for attempt in 1...3 {
        #expect(await gate.nextBegun() == 1)
        gate.end(1, .failed(AttemptFailure("test", retryAfter: .seconds(2))))
        guard attempt < 3 else { break }
        await clock.sleepers(1)
        clock.advance(by: .seconds(2))
      }
      #expect(await gate.nextBegun() == 2)
      gate.end(2)
      #expect(await pool.drain(within: .seconds(1)) == [])
    }
    #expect(journal.all == ["1 attempt 1", "1 attempt 2", "1 attempt 3", "1 exhausted after 3", "2 attempt 1"])
  }

  @Test func theWaitOfAKeyGrowsWhateverItsItems() async throws {
    let (gate, clock) = (Gate(), ManualClock())
    let retry = RetryPolicy(base: .seconds(1), cap: .seconds(300), attemptsLimit: 3)
    let pool = pool(gate, Journal(), clock, retry: retry, coalesces: true)
    try pool.submit(1, for: "a")
    await withDiscardingTaskGroup { group in
      group.addTask { await pool.run() }
      for (item, seconds) in [(1, 1), (2, 2), (3, 4), (4, 8)] {
        #expect(await gate.nextBegun() == item)
        try? pool.submit(item + 1, for: "a")
        gate.end(item, .failed(AttemptFailure("test")))
        await clock.sleepers(1)
        #expect(clock.nextDeadline == clock.now.advanced(by: .seconds(seconds)))
        clock.advance(by: .seconds(seconds))
      }
      #expect(await gate.nextBegun() == 5)
      gate.end(5)
      #expect(await pool.drain(within: .seconds(1)) == [])
    }
  }

  @Test func refusesMoreThanMayWait() throws {
    let pool = pool(Gate(), Journal(), ManualClock(), waitingLimit: 2)
    try pool.submit(1, for: "a")
    try pool.submit(2, for: "b")
    #expect(throws: WorkerPoolError.overloaded(waiting: 2)) { try pool.submit(3, for: "c") }
  }

  @Test func drainGivesBackWhatHasNotEndedInTheOrderItCame() async throws {
    let (gate, journal, clock) = (Gate(), Journal(), ManualClock())
    let pool = pool(gate, journal, clock, width: 1)
    for item in 1...4 { try pool.submit(item, for: item == 2 ? "b" : "a") }
    await withDiscardingTaskGroup { group in
      group.addTask { await pool.run() }
      _ = await gate.nextBegun()
      async let left = pool.drain(within: .seconds(5))
      await clock.sleepers(1)
      #expect(throws: WorkerPoolError.draining) { try pool.submit(5, for: "c") }
      clock.advance(by: .seconds(5))
      #expect(await left == [1, 2, 3, 4], "the one in flight ran out of time")
      gate.end(1)
    }
    #expect(journal.all == ["1 attempt 1"])
  }

  @Test func cancellingRunKeepsTheItemsForDrain() async throws {
    let (gate, journal, clock) = (Gate(), Journal(), ManualClock())
    let pool = pool(gate, journal, clock, width: 1)
    try pool.submit(1, for: "a")
    try pool.submit(2, for: "b")
    await withTaskGroup { group in
      group.addTask { await pool.run() }
      _ = await gate.nextBegun()
      group.cancelAll()
      gate.end(1)
    }
    #expect(await pool.drain(within: .zero) == [2])
  }
}
