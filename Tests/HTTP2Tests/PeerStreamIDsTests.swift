import Testing

@testable import HTTP2

struct PeerStreamIDsTests {
  @Test func tellsOpenedFromSkipped() {
    var ids = PeerStreamIDs()
    for id: Int32 in [1, 3, 9, 11, 15] { ids.open(id) }
    #expect([1, 3, 9, 11, 15].allSatisfy { ids.standing(of: $0) == .opened })
    #expect([5, 7, 13].allSatisfy { ids.standing(of: $0) == .skipped })
    #expect([17, 19, .max].allSatisfy { ids.standing(of: $0) == .new })
  }

  @Test func aFirstStreamMayHaveAnyId() {
    var ids = PeerStreamIDs()
    ids.open(.max)
    #expect(ids.standing(of: 1) == .skipped)
    #expect(ids.standing(of: .max - 2) == .skipped)
    #expect(ids.standing(of: .max) == .opened)
  }

  @Test func forgetsTheOldestOfManyGaps() {
    var ids = PeerStreamIDs()
    for number in 0..<100 { ids.open(Int32(4 * number + 3)) }
    #expect(ids.standing(of: 1) == .opened)
    #expect(ids.standing(of: 4 * 99 + 1) == .skipped)
  }
}
