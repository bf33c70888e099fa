import Clocks
import HTTPClient
import JOSE
@testable import OIDC
import TestSupport
import Testing

/// Keys that come, go and change (J01 to J04, J13).
struct KeyRolloverTests {
  @Test func aNewKeyIsLoadedWithinTheRequestThatNeedsIt() async throws {
    let scene = try Scene()
    try await scene.running {
      let token = try scene.token(scene.other)
      scene.server.answer(FakeKeyServer.serving(try Scene.document(scene.mint, scene.other)))
      #expect(scene.authenticator.check(token, now: Scene.now) == .needsKeys)
      #expect(await scene.authenticator.resolve(token, now: Scene.now) == scene.accepted())
      #expect(scene.authenticator.check(token, now: Scene.now) == scene.accepted())
      #expect(scene.server.requests.count == 2)
    }
  }

  @Test func aThousandTokensOfOneNewKeyShareOneLoad() async throws {
    let scene = try Scene()
    try await scene.running {
      let token = try scene.token(scene.other)
      scene.server.answer(FakeKeyServer.serving(try Scene.document(scene.mint, scene.other)))
      scene.server.hold()
      let decisions = await withTaskGroup(of: Decision.self) { group in
        for _ in 0..<1000 {
          group.addTask { [authenticator = scene.authenticator] in await authenticator.resolve(token, now: Scene.now) }
        }
        await scene.server.requests(reach: 2)
        scene.server.release()
        return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
      }
      #expect(decisions == [scene.accepted(): 1000])
      #expect(scene.server.requests.count == 2)
    }
  }

  /// A token may be judged by the old keys just before a load ends, and ask what to hope for just after it.
  @Test func aLoadThatEndedMeanwhileCounts() async throws {
    let scene = try Scene()
    try await scene.running {
      let judgedBy = scene.store.epoch
      scene.server.answer(FakeKeyServer.serving(try Scene.document(scene.mint, scene.other)))
      #expect(await scene.authenticator.resolve(try scene.token(scene.other), now: Scene.now) == scene.accepted())
      #expect(scene.store.canHope(since: judgedBy))
      #expect(await scene.store.awaitLoad(since: judgedBy))
      #expect(!scene.store.canHope(since: scene.store.epoch))
      #expect(await !scene.store.awaitLoad(since: scene.store.epoch))
      #expect(scene.server.requests.count == 2)
    }
  }

  @Test func tenThousandInventedKeyIDsCostTwoLoadsAMinute() async throws {
    var random = SplitMix()
    print("seed \(random.seed)")
    let scene = try Scene()
    try await scene.running {
      let good = try scene.token()
      var decisions: [Decision: Int] = [:]
      for _ in 0..<10_000 {
        let token = Scene.forged(keyID: String(random.next(), radix: 16))
        var decision = scene.authenticator.check(token, now: Scene.now)
        if decision == .needsKeys { decision = await scene.authenticator.resolve(token, now: Scene.now) }
        decisions[decision, default: 0] += 1
        scene.clock.advance(by: .milliseconds(6))
      }
      #expect(decisions == [.refused(.unknownKey): 10_000])
      #expect(scene.authenticator.check(good, now: Scene.now) == scene.accepted())
      #expect(scene.server.requests.count == 1 + 2)
      #expect(scene.metric(#"relaunch_oidc_refused_tokens_total{source="gar",reason="unknown_key"}"#) == "10000")
    }
  }

  @Test func aWithdrawnKeyEndsItsTokens() async throws {
    let scene = try Scene()
    try await scene.running {
      let token = try scene.token()
      #expect(scene.authenticator.check(token, now: Scene.now) == scene.accepted())
      scene.server.answer(FakeKeyServer.serving(scene.other.keySetDocument))
      await scene.pass(.seconds(3600))
      #expect(scene.authenticator.check(token, now: Scene.now) == .needsKeys)
      #expect(await scene.authenticator.resolve(token, now: Scene.now) == .refused(.unknownKey))
    }
  }

  @Test func anotherKeyOfTheSameIDEndsTheTokensOfTheFirst() async throws {
    let scene = try Scene()
    try await scene.running {
      let token = try scene.token()
      #expect(scene.authenticator.check(token, now: Scene.now) == scene.accepted())
      scene.server.answer(FakeKeyServer.serving(scene.renewed.keySetDocument))
      await scene.pass(.seconds(3600))
      #expect(scene.authenticator.check(token, now: Scene.now) == .refused(.wrongSignature))
      #expect(scene.authenticator.check(try scene.token(scene.renewed), now: Scene.now) == scene.accepted())
    }
  }

  @Test func aRefreshThatBringsTheSameKeysForgetsNothing() async throws {
    let scene = try Scene()
    try await scene.running {
      let token = try scene.token()
      #expect(scene.authenticator.check(token, now: Scene.now) == scene.accepted())
      await scene.pass(.seconds(3600))
      #expect(scene.server.requests.count == 2)
      #expect(scene.authenticator.check(token, now: Scene.now) == scene.accepted())
      #expect(scene.metric(#"relaunch_oidc_token_cache_hits_total{source="gar"}"#) == "1")
    }
  }

  @Test func aCancelledRequestLeavesTheLoadToTheOthers() async throws {
    let scene = try Scene()
    try await scene.running {
      let token = try scene.token(scene.other)
      scene.server.answer(FakeKeyServer.serving(try Scene.document(scene.mint, scene.other)))
      scene.server.hold()
      let (first, second) = await withTaskGroup(of: Decision.self) { group in
        group.addTask { [authenticator = scene.authenticator] in await authenticator.resolve(token, now: Scene.now) }
        await scene.server.requests(reach: 2)
        group.cancelAll()
        let first = await group.next()
        async let second = scene.authenticator.resolve(token, now: Scene.now)
        scene.server.release()
        return (first, await second)
      }
      #expect(first == .refused(.unknownKey))
      #expect(second == scene.accepted())
      #expect(scene.server.requests.count == 2)
    }
  }

  @Test func aRequestThatWasCancelledBeforeItWaitsIsAnsweredAtOnce() async throws {
    let scene = try Scene()
    try await scene.running {
      let token = try scene.token(scene.other)
      scene.server.hold()
      let decision = await withTaskGroup(of: Decision.self) { group in
        group.cancelAll()
        group.addTask { [authenticator = scene.authenticator] in await authenticator.resolve(token, now: Scene.now) }
        return await group.next()
      }
      #expect(decision == .refused(.unknownKey))
      scene.server.release()
    }
  }
}
