import Glibc
import OpenSSL

/// The tokens that were verified with the present keys, found by their digest, at most `limit` of them.
///
/// The Authorization field that was accepted last lies in front and is compared byte by byte: Pub/Sub sends one token for up to an
/// hour, and hashing it costs more than all else that a request needs here.
struct VerifiedTokenCache: Sendable {
  private struct Front {
    let field: [UInt8]
    let token: VerifiedToken
  }

  private let limit: Int
  /// The keys' epoch that all entries were verified in.
  private var epoch: UInt64 = 0
  private var front: Front?
  private var tokens: [SHA256Digest: VerifiedToken] = [:]
  /// The digests of `tokens` in the order of their arrival, from `oldest` on.
  private var arrivals: [SHA256Digest] = []
  private var oldest = 0

  init(limit: Int) { self.limit = max(limit, 1) }

  var count: Int { tokens.count }

  /// The identity behind `field`, where it is the one that was accepted last.
  func identity(field: ArraySlice<UInt8>, epoch: UInt64, seconds: Int64) -> Identity? {
    guard let front, self.epoch == epoch, front.token.isAccepted(at: seconds), Self.areSame(front.field, field) else {
      return nil
    }
    return front.token.identity
  }

  /// The bytes are compared at the speed of memory; how long it takes tells nothing that helps to forge a signature.
  private static func areSame(_ left: [UInt8], _ right: ArraySlice<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe left.withUnsafeBytes { left in
      unsafe right.withUnsafeBytes { right in
        guard let left = left.baseAddress, let start = right.baseAddress else { return true }
        return unsafe memcmp(left, start, right.count) == 0
      }
    }
  }

  /// The identity of the token with `digest`, which came in `field` and moves to the front.
  mutating func identity(digest: SHA256Digest, field: ArraySlice<UInt8>, epoch: UInt64, seconds: Int64) -> Identity? {
    guard self.epoch == epoch, let token = tokens[digest], token.isAccepted(at: seconds) else { return nil }
    front = Front(field: Array(field), token: token)
    return token.identity
  }

  /// Keeps a token that was verified with the keys of `epoch`. Entries of earlier epochs go; an earlier token is not kept.
  mutating func insert(_ token: VerifiedToken, digest: SHA256Digest, field: ArraySlice<UInt8>, epoch: UInt64, seconds: Int64) {
    guard epoch >= self.epoch else { return }
    if epoch > self.epoch {
      self = VerifiedTokenCache(limit: limit)
      self.epoch = epoch
    }
    front = Front(field: Array(field), token: token)
    if tokens.updateValue(token, forKey: digest) != nil { return }
    arrivals.append(digest)
    if tokens.count > limit { evict(at: seconds) }
  }

  /// Makes room: what is over goes first, then the oldest.
  private mutating func evict(at seconds: Int64) {
    // Tokens of one issuer live equally long, so that the oldest is over first; only then is it worth looking at all.
    if oldest < arrivals.count, tokens[arrivals[oldest]]?.isOver(at: seconds) == true {
      tokens = tokens.filter { !$0.value.isOver(at: seconds) }
      arrivals = arrivals[oldest...].filter { tokens[$0] != nil }
      oldest = 0
    }
    while tokens.count > limit, oldest < arrivals.count {
      tokens[arrivals[oldest]] = nil
      oldest += 1
    }
    if oldest > limit {
      arrivals.removeFirst(oldest)
      oldest = 0
    }
  }
}
