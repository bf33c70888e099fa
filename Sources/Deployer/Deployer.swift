package import Clocks
package import Configuration
package import DurableLog
package import HTTPServer
import JOSE
package import Kubernetes
package import Logging
package import Notifications
package import OIDC
import Synchronization
package import Telemetry
import Workers

/// The pipeline, joined: authenticate → append → decide → run → record, and what people ask about it.
///
/// It owns no sockets: `pushService`, `opsService` and `adminService` are what its listeners serve.
package final class Deployer: Sendable {
  /// What the pipeline needs of the outside world.
  package struct Environment: Sendable {
    package let settings: Settings
    /// nil: a dry run that looks at no workload.
    package let api: APIClient?
    /// The keys of each source that authenticates, by the source's name.
    package let keys: [String: KeyStore]
    package let generations: GenerationStore
    package let adminGate: AdminGate
    package let registry: MetricsRegistry
    package let logger: Logger
    package let clock: any WallClock
    /// Where the log lies.
    package let disk: any Disk
    /// Who is told of what happens.
    package let receivers: [Receiver]
    /// What those wait by who look again and again: couriers, and whoever watches rollouts.
    package let timer: any Clock<Duration>

    package init(
      settings: Settings, api: APIClient?, keys: [String: KeyStore], generations: GenerationStore, adminGate: AdminGate,
      registry: MetricsRegistry, logger: Logger, clock: any WallClock = SystemWallClock(), disk: any Disk = SystemDisk(),
      receivers: [Receiver] = [], timer: any Clock<Duration> = ContinuousClock()
    ) {
      self.settings = settings
      self.api = api
      self.keys = keys
      self.generations = generations
      self.adminGate = adminGate
      self.registry = registry
      self.logger = logger
      self.clock = clock
      self.disk = disk
      self.receivers = receivers
      self.timer = timer
    }

    var watchesRollouts: Bool {
      settings.kubernetes.watchesRollouts || receivers.contains { $0.kinds.contains(.rolloutFailed) }
    }
  }

  package let pushService: any HTTPService
  package let opsService: any HTTPService
  package let adminService: any HTTPService
  /// What opening the log found.
  package let recovery: RecoveryReport

  private let environment: Environment
  private let ledger: Ledger
  private let pool: Engine.Pool
  private let engine: Engine
  private let retention: Retention
  private let couriers: [Courier]
  private let rolloutWatch: RolloutWatch?
  private let isLeaving: Flag
  private let isStopping: Flag
  /// What an earlier process left unfinished. Looked up before anything new can come: what comes goes to the engine by itself.
  private let inherited: (events: [EventIndex.Entry], jobs: [Job])
  /// What an earlier process was at when it ended.
  private let crashed: [RunningFile.Name]
  private let crashLoop: CrashLoop
  private let running: RunningFile

  /// Opens the log in the settings' `state` directory. Blocks while the log is read.
  /// - Throws: what opening the log throws, `OIDCError` for a source's policy.
  package init(_ environment: Environment) throws {
    let settings = environment.settings
    let clock = environment.clock
    let logger = environment.logger
    let (ledger, recovery) = try Ledger.open(
      settings.log(in: settings.state),
      index: EventIndex(
        historyLimit: settings.limits.history, deadLettersLimit: settings.limits.deadLetters,
        deadLetterBytesLimit: settings.limits.deadLetterBytes, knownLimit: settings.limits.knownMessages),
      disk: environment.disk, clock: clock)
    let retention = Retention(ledger, logger: logger)
    inherited = ledger.read { ($0.unfinished, Array($0.jobs.values)) }
    crashed = RunningFile.names(in: settings.state, disk: environment.disk)
    let running = RunningFile(directory: settings.state, disk: environment.disk)
    let metrics = DeployerMetrics(environment.registry, sources: settings.sources.map(\.name))
    metrics.observe(ledger, by: clock, in: environment.registry)
    let completions = Completions(ledger: ledger, limit: settings.limits.answerDeadline)
    let worker = Worker(
      restart: environment.api.map { RolloutRestart(client: $0, clock: clock) }, namespaces: settings.kubernetes.namespaces,
      skew: settings.kubernetes.clockSkew, isDryRun: settings.isDryRun, watchesRollouts: environment.watchesRollouts,
      ledger: ledger, completions: completions, clock: clock,
      metrics: metrics, logger: logger)
    let pool = Self.pool(settings, worker, running)
    metrics.observe(pool, in: environment.registry)
    let generations = environment.generations
    if let known = ledger.configuration { generations.recall(known.files) }
    generations.observeGoodFiles { ledger.note(KnownConfiguration(files: $0)) }
    metrics.observe(generations, in: environment.registry)
    let engine = Engine(
      ledger: ledger, pool: pool, completions: completions, running: running, generation: { generations.current }, clock: clock,
      metrics: metrics, logger: logger)
    let isLeaving = Flag()
    let isStopping = Flag()
    let sources = try settings.sources.map { source in
      PushService.Source(
        name: source.name, authenticator: try Self.authenticator(source, environment), acknowledgement: source.acknowledgement)
    }
    pushService = PushService(
      sources: sources, ledger: ledger, engine: engine, completions: completions, limits: settings.limits, clock: clock,
      metrics: metrics, logger: logger,
      closure: { isStopping.isSet ? "stopping" : generations.isLoaded ? nil : "the rules could not be read yet" })
    adminService = AdminService(
      ledger: ledger, engine: engine, generations: generations, gate: environment.adminGate, clock: clock, metrics: metrics,
      logger: logger)
    let keys = environment.keys
    let readiness: @Sendable () -> Readiness = {
      Readiness(
        checks: [
          ("log", ledger.refusal?.description), ("stopping", isLeaving.isSet ? "yes" : nil),
          ("rules", generations.isLoaded ? nil : "not read yet"),
        ]
          + keys.sorted { $0.key < $1.key }.map { ("keys of \($0.key)", $0.value.isReady ? nil : "none loaded yet") },
        warnings: generations.problems.filter { $0.severity == .error }.map { ("rules", "\($0)") }
          + (ledger.fullness.map { [("log", "no event is taken while it is full: \($0)")] } ?? [])
          + (pool.isCircuitOpen ? [("kubernetes", Self.circuitWarning(settings.kubernetes))] : []))
    }
    metrics.observe(readiness, in: environment.registry)
    opsService = OpsService(registry: environment.registry, readiness: readiness)
    couriers = Self.couriers(environment, ledger)
    rolloutWatch = environment.api.flatMap { api in
      guard environment.watchesRollouts else { return nil }
      return RolloutWatch(client: api, ledger: ledger, clock: clock, metrics: metrics, logger: logger)
    }
    self.environment = environment
    self.ledger = ledger
    self.recovery = recovery
    self.pool = pool
    self.engine = engine
    self.retention = retention
    self.running = running
    crashLoop = CrashLoop(ledger: ledger, worker: worker, engine: engine, clock: clock, logger: logger)
    self.isLeaving = isLeaving
    self.isStopping = isStopping
  }

  /// Has the log say who wants notices from now on, where that has changed, and makes a courier for each.
  private static func couriers(_ environment: Environment, _ ledger: Ledger) -> [Courier] {
    let now = environment.clock.now()
    let outbox = ledger.read { $0.followUps.outbox }
    let subscriptions = outbox.subscriptions(of: environment.receivers, at: now)
    if subscriptions != outbox.subscriptions { ledger.note(.receivers(subscriptions, at: now)) }
    return environment.receivers.map { receiver in
      let metrics = CourierMetrics(environment.registry, receiver: receiver.name)
      metrics.observe(in: environment.registry) { [name = receiver.name] in
        ledger.read { ($0.followUps.outbox.count(for: name), $0.followUps.outbox.dropped[name] ?? 0) }
      }
      return Courier(
        receiver, journal: Courier.Journal(ledger, environment.clock), wallClock: environment.clock, metrics: metrics,
        logger: environment.logger)
    }
  }

  private static func authenticator(_ source: SourceSettings, _ environment: Environment) throws -> Authenticator? {
    guard let authentication = source.authentication else { return nil }
    guard let keys = environment.keys[source.name] else {
      preconditionFailure("a source that authenticates comes with its keys")
    }
    return Authenticator(
      name: source.name, policy: try authentication.policy(), keys: keys, metrics: environment.registry)
  }

  private static func circuitWarning(_ settings: KubernetesSettings) -> String {
    "the API server failed \(settings.circuitFailures) times in a row; restarts wait, and one is tried each \(settings.circuitProbe)"
  }

  private static func pool(_ settings: Settings, _ worker: Worker, _ running: RunningFile) -> Engine.Pool {
    Engine.Pool(
      width: settings.workers,
      // The backlog is bounded at the door; recovery may bring more, and a replay a few on top.
      waitingLimit: .max,
      retry: RetryPolicy(
        base: settings.retry.baseDelay, cap: settings.retry.maximumDelay, attemptsLimit: settings.retry.attempts,
        deadline: settings.retry.deadline > .zero ? settings.retry.deadline : nil),
      circuit: CircuitPolicy(
        failuresLimit: settings.kubernetes.circuitFailures, probeInterval: settings.kubernetes.circuitProbe),
      claim: { job in
        let crashes = worker.ledger.read { index in
          // The decision that made the job may not be durable yet.
          index.crashes(of: job.id, event: job.eventID) + index.crashes(of: nil, event: job.eventID)
        }
        return job.claim(settings.limits, hasCrashed: crashes > 0)
      },
      coalesces: { older, newer in newer.covers(older) },
      coalesced: worker.coalesced,
      circuitChanged: worker.circuitChanged,
      exhausted: worker.exhausted,
      perform: { job, attempt in await running.attempting(job) { await worker.attempt(job, attempt) } })
  }

  /// Works until `drain` or cancellation. First takes up what an earlier process left unfinished.
  package func run() async {
    await withDiscardingTaskGroup { group in
      // Before the log is taken up: until there are keys, pushes are answered 503.
      for store in environment.keys.values { group.addTask { await store.run() } }
      group.addTask { await self.environment.generations.run() }
      if let rolloutWatch { group.addTask { await rolloutWatch.run(timer: self.environment.timer) } }
      for courier in couriers { group.addTask { await courier.run(clock: self.environment.timer) } }
      let parked = await crashLoop.takeUp(crashed)
      resumeJobs(without: parked.jobs)
      group.addTask { await self.resumeEvents(without: parked.events) }
      await pool.run()
      group.cancelAll()
    }
  }

  /// Whether the tokens of every source can be judged.
  package var hasKeys: Bool { environment.keys.values.allSatisfy(\.isReady) }

  /// Runs what never ended, in the order it came.
  private func resumeJobs(without parked: Set<String>) {
    for job in inherited.jobs.sorted(by: { ($0.startedAt, $0.id) < ($1.startedAt, $1.id) }) where !parked.contains(job.id) {
      engine.submit(job)
    }
    if !inherited.events.isEmpty {
      environment.logger.info("resumed", metadata: ["events": "\(inherited.events.count)", "jobs": "\(inherited.jobs.count)"])
    }
  }

  /// Decides what was never decided, in the order it came, once there are rules: without any, all would end as filtered.
  private func resumeEvents(without parked: Set<String>) async {
    while !environment.generations.isLoaded {
      do { try await Task.sleep(for: .milliseconds(500)) } catch { return }
    }
    for entry in inherited.events {
      if !entry.isDecided, !parked.contains(entry.id) {
        // Where the log took ends of jobs and lost their decision, there are records, and no id may be repeated.
        if entry.recordCount == 0, let event = try? ledger.event(entry) { engine.take(event) } else { engine.decideAgain(entry) }
      }
      for replay in entry.replays { engine.decideAgain(entry, for: replay) }
    }
  }

  /// Readiness is false from now on, while pushes are still taken: whoever sends them learns of it a little later.
  package func beginLeaving() { isLeaving.set() }

  /// New pushes are answered 503 from now on, and readiness is false.
  package func beginStopping() {
    isLeaving.set()
    isStopping.set()
  }

  /// Has `drain` wait no longer for running jobs: they are kept for the next start, which finds out how far they came.
  package func hurry() { pool.hurry() }

  /// Lets running jobs finish, keeps the others for the next start, and closes the log.
  package func drain(within limit: Duration) async {
    let left = await pool.drain(within: limit)
    retention.stop()
    if !left.isEmpty { environment.logger.info("jobs left for the next start", metadata: ["jobs": "\(left.count)"]) }
    ledger.close()
    running.close()
  }

  /// How many messages are known, to tell redeliveries.
  var knownMessages: Int { ledger.read { $0.known.count } }

  /// Why the log takes nothing more; the process must end then, and the next start finds out what is on the disk.
  package var logFailure: LogError? { ledger.refusal }
}

/// A switch that is thrown once.
final class Flag: Sendable {
  private let state = Atomic<Bool>(false)

  var isSet: Bool { state.load(ordering: .relaxed) }
  func set() { state.store(true, ordering: .relaxed) }
}

extension Settings {
  fileprivate func log(in directory: String) -> LogConfiguration {
    var configuration = LogConfiguration(directory: directory)
    configuration.bytesLimit = log.bytes
    configuration.segmentBytes = log.segmentBytes
    return configuration
  }
}

extension AuthenticationSettings {
  fileprivate func policy() throws(OIDCError) -> AuthenticationPolicy {
    try AuthenticationPolicy(
      issuers: issuers, audiences: audiences, emails: emails, requiresEmail: requiresEmail,
      requiresVerifiedEmail: requiresVerifiedEmail, leeway: leeway,
      algorithms: Set(algorithms.map { $0 == "ES256" ? .es256 : .rs256 }))
  }
}
