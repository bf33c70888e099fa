import Locks
import TestSupport
import Testing
import Workers

/// Random work against what every run must keep to.
struct WorkerPoolModelTests {
  struct Item: Hashable, Sendable {
    let key: Int
    let number: Int
  }

  enum Ending: Hashable { case finished, exhausted, coalesced, returned }

  struct Observed: Sendable {
    var inFlight: Set<Int> = []
    var mostInFlight = 0
    var lastStarted: [Int: Int] = [:]
    var endings: [Item: [Ending]] = [:]
    var violations: [String] = []
    var generator: SplitMix
    var openAttempts = 0

    mutating func end(_ item: Item, _ ending: Ending) { endings[item, default: []].append(ending) }
  }

  @Test(arguments: 0..<40) func everyItemEndsOnceInOrderAndWithinTheWidth(run: UInt64) async {
    let seed = UInt64.random(in: .min ... .max)
    let width = 1 + Int(run % 5)
    let observed = Mutex(Observed(generator: SplitMix(seed: seed)))
    let clock = ManualClock()
    let pool = WorkerPool<Int, Item>(
      width: width, waitingLimit: 60, retry: RetryPolicy(attemptsLimit: 3), clock: clock, generator: SplitMix(seed: seed),
      coalesces: { $0.number % 3 != 0 && $1.number % 2 == 0 },
      coalesced: { older, _ in observed.withLock { $0.end(older, .coalesced) } },
      exhausted: { item, _ in observed.withLock { $0.end(item, .exhausted) } },
      perform: { item, _ in
        observed.withLock { state in
          if !state.inFlight.insert(item.key).inserted { state.violations.append("two of key \(item.key) in flight") }
          state.mostInFlight = max(state.mostInFlight, state.inFlight.count)
          if let last = state.lastStarted[item.key], last > item.number { state.violations.append("\(item) after \(last)") }
          state.lastStarted[item.key] = item.number
        }
        for _ in 0..<Int(item.number % 4) { await Task.yield() }
        return observed.withLock { state in
          state.inFlight.remove(item.key)
          guard UInt8.random(in: 0...9, using: &state.generator) >= 4 else { return .retry(after: .seconds(1)) }
          state.end(item, .finished)
          return .finished
        }
      })
    var taken: Set<Item> = []
    var generator = SplitMix(seed: seed ^ 1)
    await withDiscardingTaskGroup { group in
      group.addTask { await pool.run() }
      for number in 0..<300 {
        let item = Item(key: Int.random(in: 0..<8, using: &generator), number: number)
        if (try? pool.submit(item, for: item.key)) != nil { taken.insert(item) }
        if Bool.random(using: &generator) { await Task.yield() }
        if number % 10 == 9 { clock.advance(by: .seconds(2)) }
      }
      for item in await pool.drain(within: .seconds(3600)) { observed.withLock { $0.end(item, .returned) } }
    }
    let result = observed.withLock { $0 }
    #expect(result.violations == [], "seed \(seed)")
    #expect(result.mostInFlight <= width, "seed \(seed)")
    #expect(Set(result.endings.keys) == taken && result.endings.values.allSatisfy { $0.count == 1 }, "seed \(seed)")
  }
}
