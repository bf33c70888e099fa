import FoundationEssentials
import FuzzTargets
import TestSupport
import Testing

/// What scripts/fuzz runs for minutes, for a moment: nothing here finds much, but no target rots, and what failed once fails here first.
struct ReplayTests {
  @Test(arguments: try KeptInput.all(in: "FailCases"))
  func whatFailedOnceFailsNoMore(input: KeptInput) throws { try input.target.check(try input.bytes()) }

  @Test(arguments: try KeptInput.all(in: "Seeds"))
  func holdsForEachSeed(input: KeptInput) throws { try input.target.check(try input.bytes()) }

  /// scripts/fuzz takes the names of the targets from there.
  @Test func eachTargetHasSeeds() throws {
    let seeded = Set(try KeptInput.all(in: "Seeds").map(\.target))
    #expect(FuzzTarget.allCases.filter { !seeded.contains($0) } == [])
  }

  /// Where this ends without a word the input has trapped: run it again with the seed and `--filter`.
  @Test(arguments: FuzzTarget.allCases)
  func holdsForMutationsOfTheSeeds(target: FuzzTarget) throws {
    let seeds = try KeptInput.all(in: "Seeds").filter { $0.target == target }.map { try $0.bytes() }
    var random = SplitMix(seed: TestSeed.value)
    for number in 0..<300 {
      let seed = try #require(seeds.randomElement(using: &random))
      let input = Mutation.mutated(seed, with: seeds.randomElement(using: &random) ?? [], &random)
      do {
        try target.check(input)
      } catch {
        let hex = input.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        Issue.record("RELAUNCH_TEST_SEED=\(TestSeed.value), mutation \(number): \(error); input \(hex)")
        return
      }
    }
  }
}

/// The seed of this run's mutations: RELAUNCH_TEST_SEED, or a new one.
enum TestSeed {
  static let value: UInt64 = {
    let given = ProcessInfo.processInfo.environment["RELAUNCH_TEST_SEED"].flatMap { UInt64($0) }
    let seed = given ?? .random(in: 0 ... .max / 2)
    print("RELAUNCH_TEST_SEED=\(seed) for the mutations of fuzz seeds")
    return seed
  }()
}
