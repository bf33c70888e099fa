import JOSE
import OpenSSL
import TestSupport
import Testing

@testable import OIDC

/// What the cache keeps, and for how long.
struct VerifiedTokenCacheTests {
  private static func token(_ number: Int, expires: Int64) throws -> (VerifiedToken, SHA256Digest, ArraySlice<UInt8>) {
    let payload = """
      {"iss":"i","sub":"\(number)","aud":"a","exp":\(expires),"iat":0,"email":"e","email_verified":true}
      """
    let bytes = Array("token \(number)".utf8)
    let token = VerifiedToken(try JWTClaims(payload: Array(payload.utf8)), leeway: .seconds(60))
    return (token, SHA256.digest(of: bytes.span), bytes[...])
  }

  @Test func whatIsOverGoesBeforeWhatIsOld() throws {
    var cache = VerifiedTokenCache(limit: 3)
    // The oldest is over at 160, and the third too; the second lives.
    let tokens = try [(0, 100), (1, 1000), (2, 100), (3, 1000)].map { try Self.token($0, expires: $1) }
    for (index, (token, digest, field)) in tokens.enumerated() {
      cache.insert(token, digest: digest, field: field, epoch: 0, seconds: index == 3 ? 160 : 0)
    }
    #expect(cache.count == 2)
    let found = tokens.map { cache.identity(digest: $0.1, field: $0.2, epoch: 0, seconds: 150)?.subject }
    #expect(found == [nil, "1", nil, "3"])
  }

  @Test func theOldestGoesWhereAllLive() throws {
    var cache = VerifiedTokenCache(limit: 3)
    let tokens = try (0..<20).map { try Self.token($0, expires: 1000) }
    for (token, digest, field) in tokens { cache.insert(token, digest: digest, field: field, epoch: 0, seconds: 0) }
    #expect(cache.count == 3)
    let found = tokens.compactMap { cache.identity(digest: $0.1, field: $0.2, epoch: 0, seconds: 0)?.subject }
    #expect(found == ["17", "18", "19"])
  }

  @Test func otherKeysEmptyItAndEarlierOnesCannotFillIt() throws {
    var cache = VerifiedTokenCache(limit: 3)
    let (old, oldDigest, oldField) = try Self.token(0, expires: 1000)
    let (new, newDigest, newField) = try Self.token(1, expires: 1000)
    cache.insert(old, digest: oldDigest, field: oldField, epoch: 1, seconds: 0)
    #expect(cache.identity(field: oldField, epoch: 1, seconds: 0)?.subject == "0")
    #expect(cache.identity(field: oldField, epoch: 2, seconds: 0) == nil)
    cache.insert(new, digest: newDigest, field: newField, epoch: 2, seconds: 0)
    #expect(cache.count == 1)
    cache.insert(old, digest: oldDigest, field: oldField, epoch: 1, seconds: 0)
    #expect(cache.identity(digest: oldDigest, field: oldField, epoch: 2, seconds: 0) == nil)
    #expect(cache.identity(field: newField, epoch: 2, seconds: 0)?.subject == "1")
  }

  @Test func anyMixOfTokensStaysWithinTheLimitAndFindsOnlyTheRightOne() throws {
    var random = SplitMix()
    print("seed \(random.seed)")
    var cache = VerifiedTokenCache(limit: 8)
    let tokens = try (0..<32).map { try Self.token($0, expires: Int64.random(in: 100...1000, using: &random)) }
    for seconds in Int64(0)..<1100 {
      let number = Int.random(in: 0..<32, using: &random)
      let (token, digest, field) = tokens[number]
      let found =
        cache.identity(field: field, epoch: 0, seconds: seconds)
        ?? cache.identity(digest: digest, field: field, epoch: 0, seconds: seconds)
      #expect(found == nil || (found == token.identity && token.isAccepted(at: seconds)))
      if found == nil, token.isAccepted(at: seconds) {
        cache.insert(token, digest: digest, field: field, epoch: 0, seconds: seconds)
      }
      #expect(cache.count <= 8)
    }
  }
}
