import JOSE
import OpenSSL

/// Which keys there are, and when they are loaded again. Times are durations since a start; nothing is done here.
struct KeySchedule: Sendable {
  /// Keys that could not be confirmed for so long are no longer judged by.
  static let staleLimit = Duration.seconds(24 * 3600)
  /// The waits after failures, while there are keys and while there are none.
  private static let retries = (
    known: (first: Duration.seconds(30), last: Duration.seconds(300)),
    none: (first: Duration.seconds(1), last: Duration.seconds(30))
  )

  /// What the owner of the schedule has to do next.
  enum Step: Equatable {
    case load
    /// Come back then, or when a load is asked for.
    case wait(until: Duration)
    /// Nothing will ever be due.
    case rest
  }

  /// What someone who lacks a key may hope for.
  enum Hope: Equatable {
    /// A load is under way.
    case underWay
    /// A load may be asked for.
    case possible
    case none
  }

  /// How a load ended.
  enum Outcome: Sendable {
    case loaded(JWKSet, digest: SHA256Digest, lifetime: Duration)
    case unchanged(lifetime: Duration)
    case failed
  }

  /// The keys to judge by; nil while none were loaded, and when the last good ones are too old.
  private(set) var keys: JWKSet?
  /// Grows whenever `keys` becomes another set.
  private(set) var epoch: UInt64 = 0
  private var digest: SHA256Digest?
  private let demandInterval: Duration?
  private let retryInterval: Duration?
  /// Whether somebody carries the steps out.
  private(set) var isRunning = false
  private var isLoading = false
  private(set) var isDemanded = false
  private var demandedAt: Duration?
  private var dueAt: Duration? = .zero
  private var confirmedAt: Duration?
  private var freshUntil: Duration?
  private var failures = 0

  /// - Parameters:
  ///   - demandInterval: between loads that a missing key asks for; nil: it may not ask.
  ///   - retryInterval: after a failure; nil: retries become rarer while failures go on.
  init(demandInterval: Duration?, retryInterval: Duration? = nil) {
    self.demandInterval = demandInterval
    self.retryInterval = retryInterval
  }

  /// A schedule that has nothing to load: `keys` are all there will be.
  init(fixed keys: JWKSet) {
    demandInterval = nil
    retryInterval = nil
    self.keys = keys
    dueAt = nil
  }

  /// Whether the last load went well.
  var isHealthy: Bool { failures == 0 }

  /// How long ago the keys ceased to be fresh; zero while they are.
  func staleness(at now: Duration) -> Duration { freshUntil.map { max(now - $0, .zero) } ?? .zero }

  mutating func start() { isRunning = true }

  /// Nobody carries steps out any more.
  mutating func stop() {
    isRunning = false
    isLoading = false
    isDemanded = false
  }

  /// The next step. After `.load`, `finish` must follow.
  mutating func next(at now: Duration) -> Step {
    // The keys of an outage end on time, also where a retry is due much later.
    let expiresAt = keys == nil ? nil : confirmedAt.map { $0 + Self.staleLimit }
    if let expiresAt, now >= expiresAt { drop() }
    guard let dueAt else { return .rest }
    if isDemanded || now >= dueAt {
      isLoading = true
      isDemanded = false
      return .load
    }
    return .wait(until: keys == nil ? dueAt : min(dueAt, expiresAt ?? dueAt))
  }

  private mutating func drop() {
    keys = nil
    digest = nil
    epoch += 1
  }

  /// Takes what a load brought.
  /// - Returns: whether the keys are other ones now.
  mutating func finish(_ outcome: Outcome, at now: Duration) -> Bool {
    isLoading = false
    switch outcome {
    case .loaded(let loaded, let loadedDigest, let lifetime):
      confirm(lifetime, at: now)
      guard loadedDigest != digest else { return false }
      (keys, digest) = (loaded, loadedDigest)
      epoch += 1
      return true
    case .unchanged(let lifetime):
      // The file that could not be used is still the same; that confirms nothing.
      if isHealthy { confirm(lifetime, at: now) } else { dueAt = now + lifetime }
    case .failed:
      let (first, last) = keys == nil ? Self.retries.none : Self.retries.known
      dueAt = now + (retryInterval ?? min(first * (1 << min(failures, 5)), last))
      failures += 1
    }
    return false
  }

  private mutating func confirm(_ lifetime: Duration, at now: Duration) {
    failures = 0
    confirmedAt = now
    freshUntil = now + lifetime
    // Before the keys cease to be fresh, so that a slow answer comes in time; but never sooner than the floor allows.
    let margin = min(lifetime / 10, .seconds(300))
    dueAt = now + max(lifetime - margin, min(lifetime, KeyFreshness.floor))
  }

  /// What there is to hope for when a token names a key that is not there, or when there are no keys at all.
  func hope(at now: Duration) -> Hope {
    guard isRunning else { return .none }
    if isLoading || isDemanded { return .underWay }
    // Without any keys the retries are frequent, and requests must not drive them.
    guard let demandInterval, keys != nil else { return .none }
    guard let demandedAt, now - demandedAt < demandInterval else { return .possible }
    return .none
  }

  /// Asks for a load where one is possible. The caller has to see to it that `next` is called soon.
  mutating func demand(at now: Duration) -> Hope {
    let hope = hope(at: now)
    if hope == .possible {
      isDemanded = true
      demandedAt = now
    }
    return hope
  }
}
