import FoundationEssentials

/// The seed of this run's random tests: RELAUNCH_TEST_SEED, or a new one. Failures state it.
enum TestSeed {
  static let value: UInt64 = {
    let given = ProcessInfo.processInfo.environment["RELAUNCH_TEST_SEED"].flatMap { UInt64($0) }
    let seed = given ?? .random(in: 0 ... .max / 2)
    print("RELAUNCH_TEST_SEED=\(seed)")
    return seed
  }()
}
