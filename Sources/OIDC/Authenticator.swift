package import Clocks
import JOSE
import OpenSSL
import Locks
package import Telemetry

/// Decides about the requests of one source by their Authorization field.
///
/// What was verified includes the policy, so verified tokens are never shared between authenticators. They are forgotten when the
/// keys change: a withdrawn key ends its tokens with it.
package final class Authenticator: Sendable {
  private let policy: TokenPolicy
  private let keys: KeyStore
  private let cache: Mutex<VerifiedTokenCache>
  private let hits: Counter
  private let misses: Counter
  private let refusals: [RefusalReason: Counter]

  /// - Parameters:
  ///   - name: the source's, for metrics.
  ///   - cacheLimit: how many verified tokens are remembered.
  package init(
    name: String, policy: AuthenticationPolicy, keys: KeyStore, cacheLimit: Int = 4096, metrics: MetricsRegistry
  ) {
    self.policy = policy.tokens
    self.keys = keys
    cache = Mutex(VerifiedTokenCache(limit: cacheLimit))
    hits = metrics.counter(
      "relaunch_oidc_token_cache_hits_total", "Requests whose token was verified before.", [("source", name)])
    misses = metrics.counter(
      "relaunch_oidc_token_cache_misses_total", "Requests whose token had to be verified.", [("source", name)])
    var refusals: [RefusalReason: Counter] = [:]
    for reason in RefusalReason.allCases {
      refusals[reason] = metrics.counter(
        "relaunch_oidc_refused_tokens_total", "Requests that were refused for their credentials, by reason.",
        [("source", name), ("reason", reason.rawValue)])
    }
    self.refusals = refusals
    metrics.gauge("relaunch_oidc_token_cache_entries", "Verified tokens that are remembered.", [("source", name)]) {
      [weak self] in Double(self?.cachedCount ?? 0)
    }
  }

  /// How many verified tokens are remembered.
  package var cachedCount: Int { cache.withLock { $0.count } }

  /// Decides at once, without waiting for anything: a token seen before costs tens of nanoseconds, another one some 20 µs.
  /// - Parameter authorization: the value of each Authorization field of the request.
  package func check(_ authorization: [ArraySlice<UInt8>], now: Timestamp) -> Decision {
    let epoch = keys.epoch
    switch judge(authorization, now) {
    case .success(let identity): return .accepted(identity)
    case .failure(let refusal):
      if Self.isForLackOfKeys(refusal), keys.canHope(since: epoch) { return .needsKeys }
      return refuse(refusal)
    }
  }

  /// Decides after `.needsKeys`: waits for the keys that are on their way, or has them loaded, and never answers `.needsKeys`.
  ///
  /// All who wait share one load, which takes 10 s at most. Cancellation ends the wait with what is known so far.
  package func resolve(_ authorization: [ArraySlice<UInt8>], now: Timestamp) async -> Decision {
    var epoch = keys.epoch
    var verdict = judge(authorization, now)
    // Twice, because the load that was under way may have begun before the key was published.
    for _ in 0..<2 {
      guard case .failure(let refusal) = verdict, Self.isForLackOfKeys(refusal), await keys.awaitLoad(since: epoch) else { break }
      epoch = keys.epoch
      verdict = judge(authorization, now)
    }
    switch verdict {
    case .success(let identity): return .accepted(identity)
    case .failure(let refusal): return refuse(refusal)
    }
  }

  private static func isForLackOfKeys(_ refusal: TokenRefusal) -> Bool { refusal == .unknownKey || refusal == .keysUnavailable }

  private func refuse(_ refusal: TokenRefusal) -> Decision {
    refusals[RefusalReason(refusal)]?.add()
    return .refused(refusal)
  }

  private func judge(_ authorization: [ArraySlice<UInt8>], _ now: Timestamp) -> Result<Identity, TokenRefusal> {
    let seconds = now.seconds
    if authorization.count == 1, let field = authorization.first {
      let epoch = keys.epoch
      if let identity = cache.withLock({ $0.identity(field: field, epoch: epoch, seconds: seconds) }) {
        hits.add()
        return .success(identity)
      }
    }
    return Result { () throws(TokenRefusal) in try verify(authorization, seconds) }
  }

  private func verify(_ authorization: [ArraySlice<UInt8>], _ seconds: Int64) throws(TokenRefusal) -> Identity {
    let field = authorization.first ?? []
    let token = try BearerCredentials(authorization: authorization).token
    // Before the digest, which would take long over a field of a megabyte.
    guard token.count <= policy.tokenBytesLimit else { throw .tooLong(bytes: token.count, limit: policy.tokenBytesLimit) }
    let (keys, epoch) = keys.current
    guard let keys else { throw .keysUnavailable }
    let digest = SHA256.digest(of: token.span)
    if let known = cache.withLock({ $0.identity(digest: digest, field: field, epoch: epoch, seconds: seconds) }) {
      hits.add()
      return known
    }
    misses.add()
    let claims = try policy.accept(token, keys: keys, now: seconds)
    let verified = VerifiedToken(claims, leeway: policy.leeway)
    cache.withLock { $0.insert(verified, digest: digest, field: field, epoch: epoch, seconds: seconds) }
    return verified.identity
  }
}
