import TestSupport
import Testing
@testable import Workers

/// Groups and rates in a schedule.
struct WorkClaimTests {
  private static func item(_ number: Int, group: String, limit: Int) -> Simulation.Item {
    let claim = WorkClaim(groups: [WorkClaim.Group(group, limit: limit)])
    return Simulation.Item(number: number, target: "target \(number)", claim: claim)
  }

  private static func rated(_ number: Int, target: String? = nil, perMinute: Int = 1, slack: Int = 0) -> Simulation.Item {
    let rate = WorkClaim.Rate("trigger", interval: .seconds(60) / perMinute, slack: slack)
    return Simulation.Item(number: number, target: target ?? "target \(number)", claim: WorkClaim(rate: rate))
  }

  @Test func aFullGroupDoesNotHoldOthersUp() {
    var simulation = Simulation(width: 2) { _ in .finished(.available) }
    for number in 0..<10 { simulation.submit(Self.item(number, group: "full", limit: 1)) }
    for number in 10..<13 { simulation.submit(Self.item(number, group: "other", limit: 5)) }
    simulation.run(until: .milliseconds(60))
    #expect(Set(simulation.finished.map(\.number)) == [0, 1, 2, 10, 11, 12])
    simulation.run(until: .seconds(1))
    #expect(simulation.finished.suffix(7).map(\.number) == [3, 4, 5, 6, 7, 8, 9], "first come, first served")
  }

  @Test func spacesAttemptsAndForgetsNone() {
    var simulation = Simulation { _ in .finished(.available) }
    for number in 0..<5 { simulation.submit(Self.rated(number)) }
    simulation.submit(Simulation.Item(number: 5, target: "free"))
    simulation.run(until: .seconds(600))
    #expect(
      simulation.attempts.map(\.item.number) == [0, 5, 1, 2, 3, 4]
        && simulation.attempts.map(\.at) == [0, 0, 60, 120, 180, 240].map { .seconds($0) })
  }

  @Test func retriesTakePermissionsToo() {
    var simulation = Simulation(retry: RetryPolicy(base: .zero)) { attempt in
      attempt.item.number == 0 && attempt.count < 3 ? .failed(AttemptFailure("test")) : .finished(.available)
    }
    simulation.submit(Self.rated(0))
    simulation.submit(Self.rated(1))
    simulation.run(until: .seconds(600))
    // The one that failed waits behind the other, for it became ready later.
    #expect(simulation.attempts.map(\.item.number) == [0, 1, 0, 0])
    #expect(simulation.attempts.map(\.at) == [0, 60, 120, 180].map { .seconds($0) })
  }

  @Test func coalescesWhatWaitsForAPermission() {
    var simulation = Simulation { _ in .finished(.available) }
    for number in 0..<10 { simulation.submit(Self.rated(number, target: number == 0 ? "first" : "same")) }
    simulation.run(until: .seconds(600))
    #expect(simulation.attempts.map(\.item.number) == [0, 9])
  }

  /// The newer item needs no permission, so its key must not wait for one.
  @Test func aWaitingKeyHasTheClaimOfItsFirstItem() {
    var simulation = Simulation { _ in .finished(.available) }
    simulation.submit(Self.rated(0))
    simulation.submit(Self.rated(1, target: "a"))
    simulation.submit(Simulation.Item(number: 2, target: "a"))
    simulation.run(until: .seconds(1))
    #expect(simulation.finished.map(\.number) == [0, 2])
  }

  /// A group's place and a permission are taken together or not at all.
  @Test func whatWaitsForARateTakesNoPlaceInItsGroup() {
    let group = WorkClaim.Group("namespace", limit: 1)
    let rate = WorkClaim.Rate("trigger", interval: .seconds(60), slack: 0)
    var simulation = Simulation { _ in .finished(.available) }
    for number in 0..<2 {
      simulation.submit(Simulation.Item(number: number, target: "r\(number)", claim: WorkClaim(groups: [group], rate: rate)))
    }
    simulation.submit(Simulation.Item(number: 2, target: "free", claim: WorkClaim(groups: [group])))
    simulation.run(until: .seconds(1))
    #expect(simulation.finished.map(\.number) == [0, 2])
    simulation.run(until: .seconds(61))
    #expect(simulation.finished.map(\.number) == [0, 2, 1])
  }
}
