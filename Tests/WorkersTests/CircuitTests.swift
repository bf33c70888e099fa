import TestSupport
import Testing
@testable import Workers

struct CircuitTests {
  private static let policy = CircuitPolicy(failuresLimit: 5, probeInterval: .seconds(30))
  private static let down = AttemptVerdict.failed(AttemptFailure("network", evidence: .unavailable))
  private static let minute = Duration.seconds(60)

  private static func items(_ count: Int, targets: Int) -> [Simulation.Item] {
    (0..<count).map { Simulation.Item(number: $0, target: "target \($0 % targets)") }
  }

  /// An hour without an API server, while a thousand events for fifty workloads come.
  @Test(arguments: [10, 60]) func anHourOfOutageLosesNothingAndEndsAtOnce(attemptsLimit: Int) {
    let seed = SplitMix().seed
    let recovery = Duration.seconds(3600)
    var simulation = Simulation(
      retry: RetryPolicy(attemptsLimit: attemptsLimit, deadline: .seconds(86_400)), circuit: Self.policy, seed: seed
    ) { $0.at < recovery ? Self.down : .finished(.available) }
    for (number, item) in Self.items(1000, targets: 50).enumerated() {
      simulation.submit(item)
      simulation.run(until: .milliseconds(3_500 * number))
    }
    simulation.run(until: recovery)
    #expect(simulation.isCircuitOpen)
    #expect(simulation.attempts.count <= 5 + 3 + 3600 / 30, "a probe each 30 s, seed \(seed)")
    simulation.run(until: recovery + .seconds(40))
    #expect(simulation.exhausted.isEmpty, "seed \(seed)")
    #expect(simulation.finished.map(\.target).count == 50 && Set(simulation.finished.map(\.target)).count == 50, "seed \(seed)")
    #expect(simulation.snapshot == WorkerPoolSnapshot(waiting: 0, inFlight: 0, inBackoff: 0))
    #expect(simulation.changes.map { if case .closed = $0 { "closed" } else { "opened" } } == ["opened", "closed"])
  }

  @Test func opensAfterSoManyFailuresInARowOfWhateverItem() {
    var circuit = Circuit(Self.policy)
    #expect((1...4).map { _ in Self.fail(&circuit) } == [nil, nil, nil, nil])
    let wasOpen = circuit.succeed()
    #expect(!wasOpen)
    #expect((1...5).map { _ in Self.fail(&circuit) } == [nil, nil, nil, nil, 5])
    #expect(!circuit.allowsAttempt(at: .milliseconds(29_999)) && circuit.allowsAttempt(at: .seconds(30)))
  }

  @Test func probesOneAtATime() {
    var circuit = Self.opened()
    let isProbe = circuit.begin()
    #expect(isProbe)
    #expect(!circuit.allowsAttempt(at: .seconds(1000)))
    // One that had begun before the circuit opened.
    _ = Self.fail(&circuit, now: .seconds(31))
    #expect(!circuit.allowsAttempt(at: .seconds(1000)))
    _ = Self.fail(&circuit, isProbe: true, now: .seconds(40))
    #expect(circuit.probeAt == .seconds(70))
    _ = circuit.begin()
    _ = Self.fail(&circuit, isProbe: true, retryAfter: .seconds(100), now: .seconds(70))
    #expect(circuit.probeAt == .seconds(170), "the service asked for more")
    _ = circuit.begin()
    let wasOpen = circuit.succeed()
    #expect(wasOpen && !circuit.isOpen && circuit.allowsAttempt(at: .zero))
  }

  @Test func aProbeThatAskedNobodyIsMadeByAnother() {
    var circuit = Self.opened()
    _ = circuit.begin()
    circuit.passOver(isProbe: false, now: .seconds(30))
    #expect(!circuit.allowsAttempt(at: .seconds(30)))
    circuit.passOver(isProbe: true, now: .seconds(30))
    #expect(circuit.isOpen && circuit.allowsAttempt(at: .seconds(30)))
  }

  @Test func neverOpensWhereItMayNot() {
    var circuit = Circuit(.none)
    for _ in 0..<100 { _ = Self.fail(&circuit) }
    #expect(!circuit.isOpen)
  }

  private static func opened() -> Circuit {
    var circuit = Circuit(policy)
    for _ in 1...5 { _ = fail(&circuit) }
    return circuit
  }

  private static func fail(
    _ circuit: inout Circuit, isProbe: Bool = false, retryAfter: Duration? = nil, now: Duration = .zero
  ) -> Int? {
    circuit.fail(isProbe: isProbe, retryAfter: retryAfter, now: now)
  }

  // MARK: In a schedule

  /// What failed because of the service waits for the circuit; what failed for a reason of its own waits for that.
  @Test func onlyWaitsOfTheServicesMakingEndWithTheOutage() {
    let policy = RetryPolicy(base: .seconds(600), cap: .seconds(600))
    var simulation = Simulation(width: 10, retry: policy, circuit: Self.policy) { attempt in
      if attempt.at >= .seconds(30) { return .finished(.available) }
      return attempt.item.target == "own" ? .failed(AttemptFailure("own", retryAfter: .seconds(500))) : Self.down
    }
    simulation.submit(Simulation.Item(number: 0, target: "own"))
    for number in 1...5 { simulation.submit(Simulation.Item(number: number, target: "target \(number)")) }
    simulation.run(until: .seconds(31))
    #expect(Set(simulation.finished.map(\.number)) == [1, 2, 3, 4, 5])
    simulation.run(until: .seconds(1200))
    #expect(simulation.finished.last?.number == 0)
  }

  /// What the service asked for counts, whatever the circuit does.
  @Test(arguments: [0, 5]) func retryAfterIsKeptThroughAnOutage(patient: Int) {
    // Five failures open the circuit: the first is before that, and the sixth was under way.
    var simulation = Simulation(width: 10, circuit: Self.policy) { attempt in
      if attempt.at >= .seconds(30) { return .finished(.available) }
      let wait: Duration? = attempt.item.number == patient ? .seconds(200) : nil
      return .failed(AttemptFailure("throttled", retryAfter: wait, evidence: .unavailable))
    }
    for item in Self.items(6, targets: 6) { simulation.submit(item) }
    simulation.run(until: .seconds(199))
    #expect(Set(simulation.finished.map(\.number)) == Set(0..<6).subtracting([patient]))
    simulation.run(until: .seconds(201))
    #expect(simulation.finished.map(\.number).last == patient)
    #expect(simulation.attempts.count { $0.item.number == patient } == 2)
  }

  /// The report of an item that was the probe ends while another probes.
  @Test func whatWasAProbeIsNoneAnyMore() throws {
    let outage = AttemptFailure("network", evidence: .unavailable)
    var schedule = WorkSchedule<String, Int>(
      width: 9, waitingLimit: 9, retry: RetryPolicy(attemptsLimit: 1, deadline: .seconds(1)),
      circuit: CircuitPolicy(failuresLimit: 1), generator: SplitMix(seed: 1))
    func next(_ now: Duration) -> String? {
      while let step = schedule.next(now: now) { if case .attempt(let key, _, _) = step { return key } }
      return nil
    }
    for key in ["a", "b", "c", "d"] { _ = try schedule.submit(1, for: key, now: .zero) { _, _ in false } }
    for (key, now) in [("a", Duration.zero), ("b", .seconds(30))] {
      while let started = next(now), started != key {}
      guard case .exhausted = schedule.fail(key, outage, now: now, { _, _ in false }) else { Issue.record("\(key)"); return }
    }
    #expect(next(.seconds(60)) == "c", "the probe, while b is being reported")
    schedule.finish("b", .nothing, now: .seconds(60))
    #expect(next(.seconds(60)) == nil)
  }

  /// The item's attempts count again when the service is there again.
  @Test func failuresOfTheServiceDoNotCountWhileItIsOpen() throws {
    let refusal = AttemptFailure("forbidden", evidence: .available, isRefusal: true)
    var simulation = Simulation(width: 1, retry: RetryPolicy(attemptsLimit: 8), circuit: Self.policy) { attempt in
      attempt.at < .seconds(3600) ? Self.down : .failed(refusal)
    }
    simulation.submit(Simulation.Item(number: 0, target: "a"))
    simulation.run(until: .seconds(3599))
    #expect(simulation.exhausted.isEmpty)
    simulation.run(until: .seconds(7200))
    let end = try #require(simulation.exhausted.first?.end)
    #expect(end.limit == .refusals && end.last == refusal)
    #expect(end.attempts == simulation.attempts.count && end.attempts > 100, "all that were made are told")
  }

  @Test func anOutageEndsWhatIsTooOld() throws {
    var simulation = Simulation(retry: RetryPolicy(deadline: .seconds(600)), circuit: Self.policy) { _ in Self.down }
    for number in 0..<6 { simulation.submit(Simulation.Item(number: number, target: "target \(number)")) }
    simulation.submit(Simulation.Item(number: 6, target: "target 6"), age: .seconds(590))
    simulation.run(until: .seconds(599))
    #expect(simulation.exhausted.map(\.item.number) == [6])
    #expect(simulation.exhausted.first?.end.limit == .deadline)
    simulation.run(until: .seconds(1200))
    #expect(simulation.exhausted.count == 7)
  }

  /// A pause in which nothing waits: the next item is the probe.
  @Test func theNextItemProbesAtOnceWhenAProbeIsOverdue() {
    var simulation = Simulation(retry: RetryPolicy(attemptsLimit: 1), circuit: Self.policy) {
      $0.at < .seconds(10) ? Self.down : .finished(.available)
    }
    for item in Self.items(5, targets: 5) { simulation.submit(item) }
    simulation.run(until: .seconds(500))
    #expect(simulation.isCircuitOpen && simulation.exhausted.count == 5)
    simulation.submit(Simulation.Item(number: 9, target: "late"))
    simulation.run(until: .seconds(501))
    #expect(simulation.finished.map(\.number) == [9] && !simulation.isCircuitOpen)
  }
}
