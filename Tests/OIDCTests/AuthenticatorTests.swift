import Clocks
import JOSE
import JSON
import Logging
import OIDC
import Telemetry
import TestSupport
import Testing

/// What is decided about one request (groups A to H, J14 to J16, J19).
struct AuthenticatorTests {
  @Test(.enabled(if: SharedData.isPresent, "the shared vectors are not here; set RELAUNCH_SHARED to their directory"))
  func everyAttackOfTheContractEndsAsStatedTwiceInARow() throws {
    let vectors = try AttackVectors()
    let metrics = MetricsRegistry()
    let lines = LogLines()
    let store = try KeyStore(
      .inline(try #require(vectors.setup["jwks"]).serialized()), name: "gar", sender: FakeKeyServer(document: []),
      metrics: metrics, log: Logger(label: "test") { _ in lines.handler })
    let authenticator = Authenticator(name: "gar", policy: try vectors.policy(), keys: store, metrics: metrics)
    var failures: [String] = []
    var count = 0
    for line in vectors.cases where line["group"]?.string != "I" {
      let authorization = AttackVectors.authorization(of: line)
      let first = authenticator.check(authorization, now: vectors.now)
      // The second time an accepted token comes from the cache.
      let second = authenticator.check(authorization, now: vectors.now)
      count += 1
      if first != second || !Self.isStated(first, by: line) { failures.append("\(line["id"]?.string ?? ""): \(first) \(second)") }
    }
    print("attacks: \(count - failures.count) of \(count)")
    #expect(failures == [])
    #expect(count > 100)
    let traces = (lines.all + [metrics.text()]).filter { $0.contains("eyJ") }
    #expect(traces == [])
  }

  private static func isStated(_ decision: Decision, by line: JSONValue) -> Bool {
    let (verdict, status) =
      switch decision {
      case .accepted: ("accept", 204)
      case .refused(let refusal): ("reject", refusal.status)
      case .needsKeys: ("needsKeys", 0)
      }
    if verdict == line["also"]?.string { return true }
    let statuses = [line["status"]?.int].compactMap(\.self) + (line["also_status"]?.array ?? []).compactMap(\.int)
    return verdict == line["verdict"]?.string && statuses.contains(status)
  }

  @Test func aTokenThatWasAcceptedEndsOnTime() async throws {
    let scene = try Scene()
    try await scene.running {
      let token = try scene.token()
      let exp = Scene.now + .seconds(3600)
      for instant in [Scene.now, exp, exp + .seconds(59)] {
        #expect(scene.authenticator.check(token, now: instant) == scene.accepted())
      }
      for instant in [exp + .seconds(60), exp + .seconds(7200)] {
        #expect(
          scene.authenticator.check(token, now: instant) == .refused(.expired(seconds: Int64((instant - exp).components.seconds)))
        )
      }
      #expect(scene.server.requests.count == 1)
    }
  }

  @Test func aWallClockThatJumpsBackRefusesUntilItIsRight() async throws {
    let scene = try Scene()
    try await scene.running {
      let token = try scene.token()
      #expect(scene.authenticator.check(token, now: Scene.now) == scene.accepted())
      let early = Scene.now - .seconds(7200)
      #expect(scene.authenticator.check(token, now: early) == .refused(.notYetValid(.issuedAt, seconds: 7200)))
      #expect(scene.metric(#"relaunch_oidc_refused_tokens_total{source="gar",reason="clock_skew"}"#) == "1")
      #expect(scene.authenticator.check(token, now: Scene.now) == scene.accepted())
    }
  }

  @Test(arguments: [Int64.min, -1, 0, 1, 4_294_967_296_000_000_000, .max])
  func noTimeOfDayIsTooOdd(nanoseconds: Int64) async throws {
    let scene = try Scene()
    try await scene.running {
      let token = try scene.token()
      for _ in 0..<2 {
        guard case .refused(let refusal) = scene.authenticator.check(token, now: Timestamp(nanoseconds: nanoseconds)) else {
          Issue.record("not refused")
          return
        }
        #expect(refusal.status == 401)
        #expect(scene.authenticator.check(token, now: Scene.now) == scene.accepted())
      }
    }
  }

  @Test func bothFormsOfGooglesIssuerAreAccepted() async throws {
    let scene = try Scene()
    try await scene.running {
      for issuer in ["https://accounts.google.com", "accounts.google.com"] {
        let token = try scene.mint.token(now: Scene.now) { $0["iss"] = .string(issuer) }
        #expect(scene.authenticator.check(Scene.field(token), now: Scene.now) == scene.accepted())
      }
      let token = try scene.mint.token(now: Scene.now) { $0["iss"] = "http://accounts.google.com" }
      #expect(scene.authenticator.check(Scene.field(token), now: Scene.now) == .refused(.otherIssuer))
    }
  }

  @Test func whatWasAcceptedBeforeSaysNothingAboutAnotherToken() async throws {
    let scene = try Scene()
    try await scene.running {
      let token = try scene.token()
      #expect(scene.authenticator.check(token, now: Scene.now) == scene.accepted())
      var changed = Array(try #require(token.first))
      // The last character of the signature carries unused bits; the one before it does not.
      let place = changed.count - 3
      changed[place] = changed[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
      #expect(scene.authenticator.check([changed[...]], now: Scene.now) == .refused(.wrongSignature))
      #expect(scene.authenticator.check(token + token, now: Scene.now) == .refused(.severalCredentials(count: 2)))
      #expect(scene.authenticator.check([token[0].dropLast()], now: Scene.now) != scene.accepted())
    }
  }

  @Test func theCacheHoldsAsManyTokensAsItMay() async throws {
    let scene = try Scene(cacheLimit: 3)
    try await scene.running {
      let tokens = try (0..<5).map { try scene.token(now: Scene.now - .seconds($0)) }
      for token in tokens + tokens { _ = scene.authenticator.check(token, now: Scene.now) }
      #expect(scene.authenticator.cachedCount == 3)
      #expect(scene.metric(#"relaunch_oidc_token_cache_entries{source="gar"}"#) == "3")
    }
  }
}
