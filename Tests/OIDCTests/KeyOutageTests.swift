import Clocks
import HTTP
import HTTPClient
import JOSE
import JSON
import OIDC
import TestSupport
import Testing

/// An issuer that does not answer, or answers what cannot be used (I01 to I26, J05 to J12).
struct KeyOutageTests {
  static let origin = "https://issuer.example.com"

  /// A fault, and how it is counted.
  struct Fault: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let answer: FakeKeyServer.Answer
    let result: String

    static func status(_ status: Int, location: String? = nil) -> Fault {
      let fields = HTTPFields(location.map { [(name: FieldName("location"), value: $0)] } ?? [])
      return Fault(
        testDescription: "\(status) \(location ?? "")",
        answer: .success(ClientResponse(status: HTTPStatus(rawValue: status), fields: fields)), result: "status")
    }

    static func fails(_ error: HTTPClientError, _ result: String = "unreachable") -> Fault {
      Fault(testDescription: "\(error)", answer: .failure(error), result: result)
    }
  }

  static let faults: [Fault] = [
    .status(500), .status(404), .status(429), .status(204), .status(304),
    .status(302, location: "https://evil.example.com/certs"), .status(301, location: "http://issuer.example.com/certs"),
    .fails(.deadlineExceeded(origin: origin, after: .seconds(10))),
    .fails(.connectionLost(origin: origin, reason: "reset")),
    .fails(.connect(origin: origin, reason: "TLS: certificate has expired")),
    .fails(.connect(origin: origin, reason: "TLS: hostname mismatch")),
    .fails(.responseTooLarge(origin: origin, limit: 128 << 10), "too_large"),
    Fault(
      testDescription: "more than was to be read",
      answer: FakeKeyServer.serving([UInt8](repeating: 0x20, count: (128 << 10) + 1)), result: "too_large"),
    Fault(
      testDescription: "gzip",
      answer: .success(
        ClientResponse(status: .ok, fields: HTTPFields([(.contentEncoding, "gzip")]), content: [0x1f, 0x8b])),
      result: "encoded"),
    Fault(testDescription: "HTML", answer: FakeKeyServer.serving(Array("<html>".utf8)), result: "malformed"),
  ]

  @Test(arguments: faults)
  func theLastGoodKeysServeForADayAndThenNobodyIsJudged(fault: Fault) async throws {
    let scene = try Scene()
    try await scene.running {
      let token = try scene.token()
      scene.server.answer(fault.answer)
      await scene.pass(.seconds(23 * 3600))
      #expect(scene.authenticator.check(token, now: Scene.now) == scene.accepted())
      #expect(scene.store.staleness == .seconds(22 * 3600))
      #expect(scene.metric(#"relaunch_oidc_keys_stale_seconds{source="gar"}"#) == "79200")
      let requests = scene.server.requests.count
      #expect((250...300).contains(requests))
      #expect(
        scene.metric(#"relaunch_oidc_key_fetches_total{source="gar",result="\#(fault.result)"}"#) == "\(requests - 1)")
      #expect(scene.lines.all.filter { $0.contains("oidc.keys.unavailable") }.count == 1)
      await scene.pass(.seconds(3600))
      #expect(!scene.store.isReady)
      #expect(scene.authenticator.check(token, now: Scene.now) == .refused(.keysUnavailable))
      #expect(TokenRefusal.keysUnavailable.status == 503)
      scene.server.answer(FakeKeyServer.serving(scene.mint.keySetDocument))
      await scene.pass(.seconds(300))
      #expect(scene.authenticator.check(token, now: Scene.now) == scene.accepted())
      #expect(scene.store.staleness == .zero)
    }
  }

  @Test func anIssuerThatIsAwayAtTheStartIsWaitedFor() async throws {
    let scene = try Scene()
    let token = try scene.token()
    scene.server.answer(.failure(.connect(origin: Self.origin, reason: "refused")))
    #expect(scene.authenticator.check(token, now: Scene.now) == .refused(.keysUnavailable))
    try await scene.running {
      #expect(!scene.store.isReady)
      #expect(scene.authenticator.check(token, now: Scene.now) == .refused(.keysUnavailable))
      #expect(await scene.authenticator.resolve(token, now: Scene.now) == .refused(.keysUnavailable))
      #expect(scene.authenticator.check([], now: Scene.now) == .refused(.noCredentials))
      scene.server.answer(FakeKeyServer.serving(scene.mint.keySetDocument))
      await scene.pass(.seconds(1))
      #expect(scene.store.isReady)
      #expect(scene.authenticator.check(token, now: Scene.now) == scene.accepted())
    }
  }

  @Test func requestsDuringTheFirstLoadWaitForIt() async throws {
    let scene = try Scene()
    let token = try scene.token()
    scene.server.hold()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [store = scene.store] in await store.run() }
      await scene.server.requests(reach: 1)
      #expect(scene.authenticator.check(token, now: Scene.now) == .needsKeys)
      async let decision = scene.authenticator.resolve(token, now: Scene.now)
      scene.server.release()
      #expect(await decision == scene.accepted())
      group.cancelAll()
    }
  }

  @Test func whoWaitsIsLetGoWhenTheStoreStops() async throws {
    let scene = try Scene()
    let token = try scene.token()
    scene.server.hold()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [store = scene.store] in await store.run() }
      await scene.server.requests(reach: 1)
      scene.server.answer(.failure(.shutDown))
      async let decision = scene.authenticator.resolve(token, now: Scene.now)
      group.cancelAll()
      scene.server.release()
      #expect(await decision == .refused(.keysUnavailable))
    }
  }

  @Test func aRequestForKeysIsBoundedAndAsksForNoCompression() async throws {
    let scene = try Scene(source: .url("https://issuer.example.com:8443/certs?v=3"))
    try await scene.running {
      let (request, deadline) = try #require(scene.server.requests.first)
      #expect(deadline == .seconds(10))
      #expect(request.method == .get)
      #expect(request.origin == Origin(isSecure: true, host: "issuer.example.com", port: 8443))
      #expect(request.target == "/certs?v=3")
      #expect(request.responseBytesLimit == 128 << 10)
      #expect(request.fields["accept-encoding"] == "identity")
    }
  }

  @Test(.enabled(if: SharedData.isPresent, "the shared vectors are not here; set RELAUNCH_SHARED to their directory"))
  func everyBadDocumentOfTheContractKeepsTheLastGoodKeys() async throws {
    for line in try AttackVectors().cases where line["group"]?.string == "I" {
      let scene = try Scene()
      try await scene.running {
        let token = try scene.token()
        scene.server.answer(FakeKeyServer.serving(Array(try #require(line["jwks"]?.string).utf8)))
        await scene.step()
        let kept = scene.authenticator.check(token, now: Scene.now) == scene.accepted()
        #expect(kept == (line["verdict"]?.string == "keep-last-good"), "\(line["id"]?.string ?? "")")
        #expect(scene.store.isReady)
      }
    }
  }
}
