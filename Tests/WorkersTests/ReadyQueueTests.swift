import TestSupport
import Testing
@testable import Workers

struct ReadyQueueTests {
  private static func claim(_ name: String) -> WorkClaim { WorkClaim(groups: [WorkClaim.Group(name, limit: 1)]) }

  @Test func firstComeFirstServedAcrossClaims() {
    var queue = ReadyQueue<Int>()
    for key in 0..<6 { _ = queue.append(key, Self.claim(key % 2 == 0 ? "even" : "odd")) }
    #expect(taken(&queue) == [0, 1, 2, 3, 4, 5])
  }

  @Test func passesThoseWhoseClaimCannotBeMet() {
    var queue = ReadyQueue<Int>()
    for key in 0..<6 { _ = queue.append(key, Self.claim(key % 2 == 0 ? "even" : "odd")) }
    #expect(queue.takeFirst { $0 == Self.claim("odd") } == 1)
    #expect(queue.takeFirst { _ in false } == nil)
    #expect(taken(&queue) == [0, 2, 3, 4, 5])
  }

  @Test func aKeyKeepsItsPlaceWhenItsClaimChanges() {
    var queue = ReadyQueue<Int>()
    let tickets = (0..<6).map { queue.append($0, Self.claim($0 < 3 ? "low" : "high")) }
    queue.change(tickets[1], from: Self.claim("low"), to: Self.claim("high"))
    queue.change(tickets[4], from: Self.claim("high"), to: Self.claim("none"))
    queue.change(tickets[5], from: Self.claim("high"), to: Self.claim("high"))
    #expect(queue.takeFirst { $0 == Self.claim("high") } == 1)
    #expect(queue.takeFirst { $0 == Self.claim("high") } == 3)
    #expect(taken(&queue) == [0, 2, 4, 5])
  }

  private func taken(_ queue: inout ReadyQueue<Int>) -> [Int] {
    var keys: [Int] = []
    while let key = queue.takeFirst(where: { _ in true }) { keys.append(key) }
    return keys
  }
}
