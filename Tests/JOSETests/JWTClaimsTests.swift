import JOSE
import JSON
import Testing

@Suite struct JWTClaimsTests {
  private static let now: Int64 = 1_800_000_000
  private static let good: [(name: String, json: String)] = [
    ("iss", #""https://accounts.google.com""#), ("aud", #""https://a.example/push""#), ("sub", #""1137""#),
    ("exp", "1800003000"), ("iat", "1799999400"), ("email", #""push@p.iam.gserviceaccount.com""#), ("email_verified", "true"),
  ]

  /// The claims with one member's text replaced; nil leaves it out.
  private func check(_ name: String, _ json: String?, now: Int64 = now) throws {
    let policy = try TokenPolicy(
      issuers: ["https://accounts.google.com", "accounts.google.com"], audiences: ["https://a.example/push"],
      emails: ["push@p.iam.gserviceaccount.com"])
    var members = Self.good.filter { $0.name != name }
    if let json { members.append((name, json)) }
    let payload = "{\(members.map { "\"\($0.name)\":\($0.json)" }.joined(separator: ","))}"
    try JWTClaims(payload: Array(payload.utf8)).check(policy, now: now)
  }

  @Test(arguments: [
    ("other", "1"), ("iss", #""accounts.google.com""#), ("aud", #"["https://a.example/push"]"#), ("exp", "1799999941"),
    ("exp", "1800003000.75"), ("exp", "1.800003e9"), ("iat", "1800000060"), ("nbf", "1800000060"), ("nbf", "0"), ("nbf", "-5.5"),
    ("iat", "1799916600"),
  ]) func accepts(name: String, json: String) throws { try check(name, json) }

  @Test(
    arguments: [
      ("exp", "1799999940", .expired(seconds: 60)), ("exp", "1799999939", .expired(seconds: 61)),
      ("exp", "0", .expired(seconds: now)),
      ("exp", "-1", .expired(seconds: now + 1)), ("exp", nil, .claimMissing(.expires)),
      ("exp", "null", .claimMalformed(.expires)), ("exp", #""1800003000""#, .claimMalformed(.expires)),
      ("exp", "true", .claimMalformed(.expires)), ("exp", "[1800003000]", .claimMalformed(.expires)),
      ("exp", "1e400", .claimMalformed(.expires)), ("exp", "-1e400", .claimMalformed(.expires)),
      ("exp", "9223372036854775807", .claimMalformed(.expires)), ("exp", "18446744073709551616", .claimMalformed(.expires)),
      ("exp", "9999999999999999999999", .claimMalformed(.expires)), ("exp", "-9223372036854775808", .claimMalformed(.expires)),
      ("exp", "1800003000000", .livesTooLong(seconds: 1_798_203_000_600, limit: 86_400)),
      ("exp", "NaN", .notJSON(part: .payload)), ("exp", "Infinity", .notJSON(part: .payload)),
      ("exp", "0x6b49d200", .notJSON(part: .payload)), ("exp", "+1800003000", .notJSON(part: .payload)),
      ("exp", "01800003000", .notJSON(part: .payload)),
      ("iat", "1799916599", .livesTooLong(seconds: 86_401, limit: 86_400)),
      ("iat", "1800000061", .notYetValid(.issuedAt, seconds: 61)), ("iat", nil, .claimMissing(.issuedAt)),
      ("iat", #""1799999400""#, .claimMalformed(.issuedAt)), ("nbf", "1800000061", .notYetValid(.notBefore, seconds: 61)),
      ("nbf", #""0""#, .claimMalformed(.notBefore)), ("nbf", "null", .claimMalformed(.notBefore)),
      ("aud", #""https://other.example""#, .otherAudience), ("aud", #""https://a.example/push/""#, .otherAudience),
      ("aud", #""HTTPS://A.EXAMPLE/PUSH""#, .otherAudience), ("aud", #""https://a.example/pus""#, .otherAudience),
      ("aud", #""https://a.example/push\u0000""#, .otherAudience), ("aud", #"" https://a.example/push""#, .otherAudience),
      ("aud", #""*""#, .otherAudience), ("aud", #""""#, .claimMalformed(.audience)), ("aud", nil, .claimMissing(.audience)),
      ("aud", "null", .claimMalformed(.audience)), ("aud", "1", .claimMalformed(.audience)),
      ("aud", "[]", .claimMalformed(.audience)),
      ("aud", #"["https://other.example"]"#, .otherAudience),
      ("aud", #"[["https://a.example/push"]]"#, .claimMalformed(.audience)),
      ("aud", #"["https://a.example/push","b"]"#, .claimMalformed(.audience)), ("aud", "{}", .claimMalformed(.audience)),
      ("iss", #""https://accounts.google.com/""#, .otherIssuer), ("iss", #""http://accounts.google.com""#, .otherIssuer),
      ("iss", #""https://accounts.google.com.evil.example""#, .otherIssuer), ("iss", nil, .claimMissing(.issuer)),
      ("iss", "null", .claimMalformed(.issuer)), ("iss", #"["https://accounts.google.com"]"#, .claimMalformed(.issuer)),
      ("iss", #""""#, .claimMalformed(.issuer)), ("iss", #""https://accounts.g\u043e\u043egle.com""#, .otherIssuer),
      ("sub", nil, .claimMissing(.subject)), ("sub", "1137", .claimMalformed(.subject)),
      ("email", #""other@p.iam.gserviceaccount.com""#, .otherEmail), ("email", #""PUSH@p.iam.gserviceaccount.com""#, .otherEmail),
      ("email", #""push@p.iam.gserviceaccount.com.evil.example""#, .otherEmail),
      ("email", #""xpush@p.iam.gserviceaccount.com""#, .otherEmail),
      ("email", #""push@p.iam.gserviceaccount.com\u0000""#, .otherEmail),
      ("email", #""push@p.iam.gserviceaccount.co\u217f""#, .otherEmail), ("email", nil, .emailMissing),
      ("email", "null", .emailMissing),
      ("email", #"["push@p.iam.gserviceaccount.com"]"#, .emailMissing), ("email_verified", "false", .emailNotVerified),
      ("email_verified", #""true""#, .emailNotVerified), ("email_verified", "1", .emailNotVerified),
      ("email_verified", "null", .emailNotVerified), ("email_verified", nil, .emailNotVerified),
      ("other", #"1,"aud":"https://a.example/push""#, .notJSON(part: .payload)),
    ] as [(String, String?, TokenRefusal)]) func refuses(name: String, json: String?, refusal: TokenRefusal)
  {
    #expect(throws: refusal) { try check(name, json) }
    let isIdentity = name.hasPrefix("email")
    #expect(refusal.status == (isIdentity ? 403 : 401))
  }

  @Test func refusesATokenThatExpiresBeforeItWasIssued() {
    #expect(throws: TokenRefusal.expiresBeforeIssued) { try check("iat", "1800003001", now: 1_800_002_990) }
  }

  @Test(arguments: [Int64.min, -1, 0, 4_294_967_296, .max]) func noClockMakesItTrap(now: Int64) {
    #expect(throws: TokenRefusal.self) { try check("other", "1", now: now) }
    #expect(throws: TokenRefusal.self) { try check("exp", "9007199254740992", now: now) }
    #expect(throws: TokenRefusal.self) { try check("exp", "-9007199254740992", now: now) }
  }

  @Test(arguments: ["", "[]", "null", "\"a\"", "{}x", "{\"a\":\"\\ud800\"}"]) func refusesPayloadsThatAreNoObject(payload: String)
  {
    #expect(throws: TokenRefusal.self) { try JWTClaims(payload: Array(payload.utf8)) }
  }

  @Test func refusesPayloadsThatAreNotUTF8() {
    #expect(throws: TokenRefusal.notJSON(part: .payload)) {
      try JWTClaims(payload: Array("{\"a\":\"".utf8) + [0xff] + Array("\"}".utf8))
    }
    #expect(throws: TokenRefusal.notJSON(part: .payload)) {
      try JWTClaims(payload: Array("{}".utf16).flatMap { [0, UInt8($0)] })
    }
  }

  @Test(arguments: ["issuers", "audiences", "emails"]) func aPolicyNeverMeansAnyone(list: String) {
    for value in [[], [""]] as [[String]] {
      #expect(throws: TokenPolicyError.empty(list)) {
        try TokenPolicy(
          issuers: list == "issuers" ? value : ["a"], audiences: list == "audiences" ? value : ["a"],
          emails: list == "emails" ? value : ["a"])
      }
    }
    #expect(throws: TokenPolicyError.empty("algorithms")) {
      try TokenPolicy(algorithms: [], issuers: ["a"], audiences: ["a"], emails: ["a"])
    }
  }
}
