import Locks
import TestSupport
import Testing
import Workers

/// Random work against what every run must keep to.
struct WorkerPoolModelTests {
  struct Item: Hashable, Sendable {
    let key: Int
    let number: Int

    /// Of two groups and two rates.
    var claim: WorkClaim {
      let group = WorkClaim.Group("group \(key % 2)", limit: 1 + key % 2)
      return WorkClaim(groups: number % 2 == 0 ? [group] : [group, Self.odd], rate: number % 5 == 0 ? Self.rate : nil)
    }

    static let odd = WorkClaim.Group("odd", limit: 2)
    static let rate = WorkClaim.Rate("rate", interval: .milliseconds(500), slack: 3)
  }

  enum Ending: Hashable { case finished, exhausted, coalesced, returned }

  struct Observed: Sendable {
    var inFlight: [Int: Item] = [:]
    var mostInFlight = 0
    var lastStarted: [Int: Int] = [:]
    /// Attempts that the rate counts.
    var rated = 0
    var endings: [Item: [Ending]] = [:]
    var violations: [String] = []
    var generator: SplitMix

    mutating func begin(_ item: Item, at now: ManualClock.Instant) {
      if inFlight.updateValue(item, forKey: item.key) != nil { violations.append("two of key \(item.key) in flight") }
      mostInFlight = max(mostInFlight, inFlight.count)
      if let last = lastStarted[item.key], last > item.number { violations.append("\(item) after \(last)") }
      lastStarted[item.key] = item.number
      for group in item.claim.groups {
        let count = inFlight.values.count { $0.claim.groups.contains(group) }
        if count > group.limit { violations.append("\(count) of \(group)") }
      }
      guard item.claim.rate != nil else { return }
      rated += 1
      // The first came at zero at the earliest. Slack is only what was not used.
      if Item.rate.interval * (rated - 1) > now.offset { violations.append("\(rated) permissions at \(now.offset)") }
    }

    mutating func end(_ item: Item, _ ending: Ending) { endings[item, default: []].append(ending) }
  }

  @Test(arguments: 0..<40) func everyItemEndsOnceInOrderAndWithinTheLimits(run: UInt64) async {
    let seed = UInt64.random(in: .min ... .max)
    let width = 1 + Int(run % 5)
    let observed = Mutex(Observed(generator: SplitMix(seed: seed)))
    let clock = ManualClock()
    let pool = WorkerPool<Int, Item>(
      width: width, waitingLimit: 60, retry: RetryPolicy(attemptsLimit: 3),
      circuit: CircuitPolicy(failuresLimit: 4, probeInterval: .seconds(5)), clock: clock, generator: SplitMix(seed: seed),
      claim: { $0.claim },
      coalesces: { $0.number % 3 != 0 && $1.number % 2 == 0 },
      coalesced: { older, _ in observed.withLock { $0.end(older, .coalesced) } },
      exhausted: { item, _ in observed.withLock { $0.end(item, .exhausted) } },
      perform: { item, _ in
        observed.withLock { $0.begin(item, at: clock.now) }
        for _ in 0..<Int(item.number % 4) { await Task.yield() }
        return observed.withLock { state in
          state.inFlight[item.key] = nil
          switch UInt8.random(in: 0...9, using: &state.generator) {
          case 0...1: return .failed(AttemptFailure("test", retryAfter: .seconds(1)))
          case 2...4: return .failed(AttemptFailure("test", evidence: .unavailable))
          case let roll:
            state.end(item, .finished)
            return .finished(roll > 7 ? .nothing : .available)
          }
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
