import JOSE
import OpenSSL
import Testing

@testable import OIDC

/// When keys are loaded again after failures, and who may ask for more (P36).
struct KeyScheduleTests {
  private static let digest = SHA256.digest(of: [UInt8]().span)
  private static let loaded = KeySchedule.Outcome.loaded(JWKSet(keys: []), digest: digest, lifetime: .seconds(3600))

  /// Loads at `now`, and says when the next step is due.
  private static func load(_ schedule: inout KeySchedule, _ outcome: KeySchedule.Outcome, at now: Duration) -> Duration? {
    guard schedule.next(at: now) == .load else { return nil }
    _ = schedule.finish(outcome, at: now)
    guard case .wait(let end) = schedule.next(at: now) else { return nil }
    return end
  }

  /// The waits after failures in a row, in seconds.
  private static func waits(_ schedule: inout KeySchedule, from start: Duration, count: Int) -> [Int64?] {
    var now = start
    var waits: [Int64?] = []
    for _ in 0..<count {
      let end = load(&schedule, .failed, at: now)
      waits.append(end.map { ($0 - now).components.seconds })
      now = end ?? now
    }
    return waits
  }

  /// What there is to hope for at `seconds`, each time asking.
  private static func demand(_ schedule: inout KeySchedule, at seconds: Int...) -> [KeySchedule.Hope] {
    var hopes: [KeySchedule.Hope] = []
    for second in seconds { hopes.append(schedule.demand(at: .seconds(second))) }
    return hopes
  }

  @Test func retriesBecomeRarerAndAreMoreFrequentWithoutKeys() {
    var empty = KeySchedule(demandInterval: .seconds(30))
    let withoutKeys = Self.waits(&empty, from: .zero, count: 7)
    #expect(withoutKeys == [1, 2, 4, 8, 16, 30, 30])
    var known = KeySchedule(demandInterval: .seconds(30))
    let due = Self.load(&known, Self.loaded, at: .zero)
    #expect(due == .seconds(3300))
    let withKeys = Self.waits(&known, from: .seconds(3300), count: 6)
    #expect(withKeys == [30, 60, 120, 240, 300, 300])
    var file = KeySchedule(demandInterval: .seconds(1), retryInterval: .seconds(1))
    let ofFile = Self.waits(&file, from: .zero, count: 3)
    #expect(ofFile == [1, 1, 1])
  }

  @Test func aMissingKeyAsksOnceInItsInterval() {
    var schedule = KeySchedule(demandInterval: .seconds(30))
    let beforeStart = Self.demand(&schedule, at: 0)
    schedule.start()
    let withoutKeys = Self.demand(&schedule, at: 0)
    #expect(beforeStart + withoutKeys == [.none, .none])
    _ = Self.load(&schedule, Self.loaded, at: .zero)
    let first = Self.demand(&schedule, at: 1, 1)
    #expect(first == [.possible, .underWay])
    let due = Self.load(&schedule, .failed, at: .seconds(1))
    #expect(due == .seconds(31))
    let second = Self.demand(&schedule, at: 2, 30, 31)
    #expect(second == [.none, .none, .possible])
    schedule.stop()
    let afterStop = Self.demand(&schedule, at: 100)
    #expect(afterStop == [.none])
  }

  @Test func fixedKeysAreNeverLoaded() {
    var schedule = KeySchedule(fixed: JWKSet(keys: []))
    schedule.start()
    let step = schedule.next(at: .seconds(1_000_000))
    #expect(step == .rest)
    let hopes = Self.demand(&schedule, at: 0)
    #expect(hopes == [.none])
    #expect(schedule.staleness(at: .seconds(1_000_000)) == .zero)
    #expect(schedule.keys != nil)
  }
}
