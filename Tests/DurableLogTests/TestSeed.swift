import FoundationEssentials

/// The seed of the random tests, printed so that a failure can be repeated: `RELAUNCH_TEST_SEED` sets it.
enum TestSeed {
  static let value: UInt64 = {
    let seed = ProcessInfo.processInfo.environment["RELAUNCH_TEST_SEED"].flatMap(UInt64.init) ?? .random(in: .min ... .max)
    print("RELAUNCH_TEST_SEED=\(seed)")
    return seed
  }()

  /// How many states each simulation goes through: `RELAUNCH_SIMULATED_STATES`.
  static let states = ProcessInfo.processInfo.environment["RELAUNCH_SIMULATED_STATES"].flatMap(Int.init) ?? 10_000
}
