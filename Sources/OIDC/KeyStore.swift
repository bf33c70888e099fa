import Clocks
package import HTTPClient
import JOSE
package import Logging
import OpenSSL
import struct Synchronization.Atomic
import Locks
package import Telemetry

/// The keys of one issuer: loaded, kept fresh, and kept through an outage.
///
/// Somebody must be in `run()` for anything to be loaded. It carries out all loads one after the other, so that however many
/// requests lack a key there is one load, and none of them takes it along when its client goes away.
package final class KeyStore: Sendable {
  /// A larger document is not read. In bytes.
  static let documentBytesLimit = 128 << 10
  /// More requests than this do not wait for keys: they are judged by those that are there.
  static let waitersLimit = 16_384

  private typealias Runner = CheckedContinuation<Void, Never>

  private struct Shared {
    var schedule: KeySchedule
    var waiters: [UInt64: CheckedContinuation<Bool, Never>] = [:]
    var waitersBegun: UInt64 = 0
    /// `run()`, while it waits.
    var runner: Runner?
    /// The file that was read last.
    var file: FileIdentity?
    /// What was wrong with the last load.
    var fault: KeyFetchFault?
  }

  private enum Loader {
    case endpoint(KeyEndpoint)
    case file(KeyFile)
    case nothing
  }

  private let shared: Mutex<Shared>
  /// Follows the schedule's epoch, for readers who only want to know whether the keys are still the same.
  private let currentEpoch = Atomic<UInt64>(0)
  private let loader: Loader
  private let time: MonotonicTime
  private let fetches: [KeyFetchResult: Counter]
  private let log: Logger

  /// - Parameters:
  ///   - name: the source's, for metrics and log lines.
  ///   - sender: for keys behind a URL.
  ///   - clock: for freshness and intervals.
  package init(
    _ source: KeySource, name: String, sender: any HTTPSender, clock: some Clock<Duration> = ContinuousClock(),
    metrics: MetricsRegistry, log: Logger
  ) throws(OIDCError) {
    var log = log
    log[metadataKey: "source"] = "\(name)"
    self.log = log
    time = MonotonicTime(clock)
    var schedule = KeySchedule(demandInterval: source.demandInterval, retryInterval: source.retryInterval)
    switch source {
    case .url(let url): loader = .endpoint(try KeyEndpoint(url: url, sender: sender))
    case .file(let path):
      guard !path.isEmpty else { throw .keyPath }
      loader = .file(KeyFile(path: path))
    case .inline(let document):
      loader = .nothing
      do { schedule = KeySchedule(fixed: try JWKSet(parsing: document)) } catch { throw .inlineKeys(error) }
    }
    shared = Mutex(Shared(schedule: schedule))
    var fetches: [KeyFetchResult: Counter] = [:]
    for result in KeyFetchResult.allCases {
      fetches[result] = metrics.counter(
        "relaunch_oidc_key_fetches_total", "Loads of an issuer's keys, by result.",
        [("source", name), ("result", result.rawValue)])
    }
    self.fetches = fetches
    metrics.gauge(
      "relaunch_oidc_keys_stale_seconds", "For how long an issuer's keys have not been fresh.", [("source", name)]
    ) { [weak self] in self?.staleness.inSeconds ?? 0 }
  }

  /// Whether there are keys to judge tokens by.
  package var isReady: Bool { shared.withLock { $0.schedule.keys != nil } }

  /// For how long the keys have not been fresh; zero while they are.
  package var staleness: Duration {
    let now = time.elapsed()
    return shared.withLock { $0.schedule.staleness(at: now) }
  }

  /// Another number than before: the keys are other ones.
  var epoch: UInt64 { currentEpoch.load(ordering: .acquiring) }

  /// The keys with their epoch; nil where there are none to judge by.
  var current: (keys: JWKSet?, epoch: UInt64) { shared.withLock { ($0.schedule.keys, $0.schedule.epoch) } }

  /// Whether a key that is missing from the keys of `epoch` may be there by now, or come if one waits in `awaitLoad`.
  func canHope(since epoch: UInt64) -> Bool {
    let now = time.elapsed()
    return shared.withLock { $0.schedule.epoch != epoch || $0.schedule.hope(at: now) != .none }
  }

  /// Keeps the keys fresh until the task is cancelled. To be called once at a time.
  package func run() async {
    shared.withLock { shared in
      precondition(!shared.schedule.isRunning, "a KeyStore is run by one task")
      shared.schedule.start()
    }
    while !Task.isCancelled {
      switch nextStep() {
      case .load: await load()
      case .wait(let end): await pause(until: end)
      case .rest: await pause(until: nil)
      }
    }
    release { $0.stop() }
  }

  private func nextStep() -> KeySchedule.Step {
    let now = time.elapsed()
    let (step, ended) = shared.withLock { shared in
      let had = shared.schedule.keys != nil
      let step = shared.schedule.next(at: now)
      currentEpoch.store(shared.schedule.epoch, ordering: .releasing)
      return (step, had && shared.schedule.keys == nil)
    }
    if ended { log.error("oidc.keys.expired", metadata: ["after": "\(KeySchedule.staleLimit)"]) }
    return step
  }

  /// Changes the schedule and lets all go who wait for a load.
  private func release<Value: Sendable>(_ change: (inout KeySchedule) -> Value) -> Value {
    let (result, waiters) = shared.withLock { shared in
      let result = change(&shared.schedule)
      currentEpoch.store(shared.schedule.epoch, ordering: .releasing)
      let waiters = shared.waiters
      shared.waiters = [:]
      return (result, waiters)
    }
    for waiter in waiters.values { waiter.resume(returning: true) }
    return result
  }

  private func load() async {
    let result =
      switch loader {
      case .endpoint(let endpoint): await endpoint.load(bytesLimit: Self.documentBytesLimit)
      case .file(let file):
        await file.load(unless: shared.withLock { $0.file }, bytesLimit: Self.documentBytesLimit)
      case .nothing: Result<KeyLoad, KeyFetchFault>.success(.unchanged)
      }
    let (outcome, fetched) = read(result)
    fetches[fetched]?.add()
    let now = time.elapsed()
    let isNew = release { $0.finish(outcome, at: now) }
    if isNew, case .loaded(let keys, _, let lifetime) = outcome {
      log.info("oidc.keys.loaded", metadata: ["keys": "\(keys.keys.count)", "fresh": "\(lifetime)"])
      for warning in keys.warnings { log.warning("oidc.keys.refused", metadata: ["reason": "\(warning)"]) }
    }
  }

  private func read(_ result: Result<KeyLoad, KeyFetchFault>) -> (KeySchedule.Outcome, KeyFetchResult) {
    let fault: KeyFetchFault
    switch result {
    case .success(.unchanged): return (.unchanged(lifetime: KeyFile.interval), .unchanged)
    case .success(.document(let document, let lifetime, let identity)):
      shared.withLock { $0.file = identity }
      do {
        let keys = try JWKSet(parsing: document, bytesLimit: Self.documentBytesLimit)
        note(nil)
        return (.loaded(keys, digest: SHA256.digest(of: document.span), lifetime: lifetime), .loaded)
      } catch { fault = .malformed(error) }
    case .failure(let failure):
      shared.withLock { $0.file = nil }
      fault = failure
    }
    note(fault)
    return (.failed, fault.result)
  }

  /// Says what is wrong when it begins, changes and ends; the counter tells how often it happens.
  private func note(_ fault: KeyFetchFault?) {
    let before = shared.withLock { shared in
      defer { shared.fault = fault }
      return shared.fault
    }
    guard before != fault else { return }
    if let fault {
      log.warning("oidc.keys.unavailable", metadata: ["reason": "\(fault)", "stale": "\(staleness)"])
    } else {
      log.info("oidc.keys.recovered")
    }
  }

  /// Waits for the load that is under way, or asks for one where that is possible; not where one has changed the keys of `epoch`
  /// already. Cancellation ends the wait at once.
  /// - Returns: whether there are other keys or was something to wait for; judge again then.
  func awaitLoad(since epoch: UInt64) async -> Bool {
    let number = shared.withLock { shared in
      shared.waitersBegun += 1
      return shared.waitersBegun
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in join(waiter, number, since: epoch) }
    } onCancel: {
      leave(number)
    }
  }

  private func join(_ waiter: CheckedContinuation<Bool, Never>, _ number: UInt64, since epoch: UInt64) {
    let now = time.elapsed()
    // The answer, where there is nothing to wait for.
    let (answer, runner) = shared.withLock { shared -> (Bool?, Runner?) in
      guard shared.schedule.epoch == epoch else { return (true, nil) }
      guard shared.waiters.count < Self.waitersLimit else { return (false, nil) }
      let hope = shared.schedule.demand(at: now)
      guard hope != .none else { return (false, nil) }
      shared.waiters[number] = waiter
      return (nil, hope == .possible ? shared.runner.take() : nil)
    }
    runner?.resume()
    if let answer { return waiter.resume(returning: answer) }
    // The cancellation handler may have come too early to find the waiter.
    if Task.isCancelled { leave(number) }
  }

  private func leave(_ number: UInt64) {
    shared.withLock { $0.waiters.removeValue(forKey: number) }?.resume(returning: false)
  }

  /// Waits until `end`, or until a load is asked for.
  private func pause(until end: Duration?) async {
    await withTaskGroup(of: Void.self) { group in
      if let end { group.addTask { [time] in try? await time.sleep(end) } }
      group.addTask { await self.demanded() }
      await group.next()
      group.cancelAll()
    }
  }

  private func demanded() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { runner in
        let isDemanded = shared.withLock { shared in
          if !shared.schedule.isDemanded { shared.runner = runner }
          return shared.schedule.isDemanded
        }
        if isDemanded { runner.resume() }
        // The cancellation handler may have come too early to find the runner.
        if Task.isCancelled { wake() }
      }
    } onCancel: {
      wake()
    }
  }

  private func wake() { shared.withLock { $0.runner.take() }?.resume() }
}
