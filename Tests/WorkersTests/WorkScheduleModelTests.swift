import TestSupport
import Testing
@testable import Workers

/// Which key starts next, against a list that is searched from its beginning each time.
struct WorkScheduleModelTests {
  private struct Waiting {
    let key: Int
    let claim: WorkClaim
  }

  @Test(arguments: 0..<60) func startsTheFirstThatMayRun(round: Int) throws {
    var random = SplitMix()
    let width = Int.random(in: 1...5, using: &random)
    var schedule = WorkSchedule<Int, Int>(
      width: width, waitingLimit: .max, retry: RetryPolicy(), generator: SplitMix(seed: random.seed))
    // Each key once, so that its place is the order of submission.
    var waiting: [Waiting] = []
    var running: [Waiting] = []
    var keys = 0
    for _ in 0..<400 {
      if Bool.random(using: &random) {
        let groups = ["a", "b", "c"].filter { _ in Bool.random(using: &random) }
        let claim = WorkClaim(groups: groups.map { WorkClaim.Group($0, limit: $0 == "a" ? 1 : 2) })
        keys += 1
        _ = try schedule.submit(keys, for: keys, claim: claim, now: .zero) { _, _ in false }
        waiting.append(Waiting(key: keys, claim: claim))
      } else if let index = running.indices.randomElement(using: &random) {
        schedule.finish(running.remove(at: index).key, .nothing, now: .zero)
      }
      while true {
        let expected = running.count < width ? waiting.first { mayRun($0, beside: running) } : nil
        guard case .attempt(let key, _, _)? = schedule.next(now: .zero) else {
          #expect(expected == nil, "seed \(random.seed)")
          break
        }
        #expect(key == expected?.key, "seed \(random.seed)")
        waiting.removeAll { $0.key == key }
        if let expected { running.append(expected) }
      }
    }
  }

  private func mayRun(_ item: Waiting, beside running: [Waiting]) -> Bool {
    item.claim.groups.allSatisfy { group in running.count { $0.claim.groups.contains(group) } < group.limit }
  }
}
