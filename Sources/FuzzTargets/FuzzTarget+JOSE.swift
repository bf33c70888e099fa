import JOSE
import JSON
import OpenSSL
import TestSupport

extension FuzzTarget {
  static func checkBase64URL(_ input: [UInt8]) throws(BrokenClaim) {
    let text = Base64URL.encode(input)
    try claim(Base64URL.decode(text) == input, "\(text) does not stand for \(input)")
    guard let bytes = Base64URL.decode(input[...]) else { return }
    try claim(Array(Base64URL.encode(bytes).utf8) == input, "\(bytes) has two spellings")
  }

  static func checkJWKS(_ input: [UInt8]) throws(BrokenClaim) {
    let result = Result { () throws(JWKSetError) in try JWKSet(parsing: input) }
    if case .failure(let error) = result { return try claimIsPresentable(error) }
    guard case .success(let set) = result else { return }
    try claim((1...64).contains(set.keys.count), "\(set.keys.count) keys")
    for warning in set.warnings { try claim(warning.utf8.allSatisfy { $0 >= 0x20 }, "a warning has a control character") }
    for key in set.keys {
      try claim(!key.keyID.isEmpty && set.key(id: key.keyID)?.key === key.key, "\(key.keyID.debugDescription) names another key")
      let signature = input.prefix(key.key.kind == .rsa ? key.key.bits / 8 : 64)
      try claim(!key.key.verifies(signature.span, of: input.span), "the start of a key set is a signature")
      let written = Result { try JWKSet.document(for: key.key, keyID: key.keyID).serialized() }
      let again = Result { try JWKSet(parsing: try written.get()).key(id: key.keyID)?.key.numbers() }
      guard case .success(let numbers) = Result(catching: { try key.key.numbers() }) else {
        throw BrokenClaim("a key is no numbers")
      }
      try claim((try? again.get()) == numbers, "a key is written as \(written) and read as \(again)")
    }
  }

  /// The input as a token, as a token's header, as its claims, and as changes of a token that is good.
  static func checkJWT(_ input: [UInt8]) throws(BrokenClaim) {
    try checkIsRefused(input)
    let parts = (header: Base64URL.encode(input), claims: Base64URL.encode(Array("{}".utf8)))
    try checkIsRefused(Array("\(parts.header).\(parts.claims).AAAA".utf8))
    try checkClaims(input)
    guard let mint = Mint.shared else { throw BrokenClaim("no key could be made") }
    var token = mint.token
    for edit in stride(from: 0, to: input.count - 2, by: 3) {
      let place = (Int(input[edit]) << 8 | Int(input[edit + 1])) % token.count
      token[place] ^= input[edit + 2]
    }
    if token == mint.token { return try claim(mint.accepts(token), "a good token is refused") }
    try checkIsRefused(token)
  }

  private static func checkIsRefused(_ token: [UInt8]) throws(BrokenClaim) {
    let algorithms = Set(SignatureAlgorithm.allCases)
    switch Result(catching: { () throws(TokenRefusal) in try JWS(compact: token[...], algorithms: algorithms) }) {
    case .failure(let error): try claimIsPresentable(error)
    case .success(let token): try claim(!token.keyID.isEmpty, "a token without a key ID is read")
    }
    try claim(Mint.shared?.accepts(token) == false, "a token is accepted that nobody signed")
  }

  private static func checkClaims(_ payload: [UInt8]) throws(BrokenClaim) {
    switch Result(catching: { () throws(TokenRefusal) in try JWTClaims(payload: payload) }) {
    case .failure(let error): try claimIsPresentable(error)
    case .success(let claims):
      guard let policy = Mint.shared?.policy else { return }
      for now in [0, Mint.now, .max, .min] {
        let result = Result { () throws(TokenRefusal) in try claims.check(policy, now: now) }
        if case .failure(let error) = result { try claimIsPresentable(error) }
      }
    }
  }
}

/// A key that the inputs know nothing about, and one token that is signed with it.
private struct Mint: Sendable {
  /// nil where OpenSSL makes no key.
  static let shared: Mint? = try? Mint()
  static let now: Int64 = 1_800_000_000

  let policy: TokenPolicy
  let token: [UInt8]
  private let keys: JWKSet

  private init() throws {
    let mint = try TokenMint(.p256)
    policy = try mint.policy()
    token = try mint.token(issuedAt: Self.now)
    keys = try mint.keySet()
  }

  func accepts(_ token: [UInt8]) -> Bool {
    let result = Result { () throws(TokenRefusal) in try policy.accept(token[...], keys: keys, now: Self.now) }
    if case .success = result { return true }
    return false
  }
}
