import Clocks
import HTTPClient
import JOSE
import JSON
import Logging
import OIDC
import Telemetry
import TestSupport

/// One source in front of a fake issuer, with clocks that stand still.
struct Scene {
  /// The keys that tests rotate between. Made once: an RSA key takes a tenth of a second.
  static let mints = Result { (try TokenMint(keyID: "key-1"), try TokenMint(keyID: "key-2"), try TokenMint(keyID: "key-1")) }
  static let now = Timestamp(seconds: 1_800_000_000)

  /// `other` has another key ID than `mint`; `renewed` has the same one and another key.
  let mint: TokenMint
  let other: TokenMint
  let renewed: TokenMint
  let server: FakeKeyServer
  let clock = ManualClock()
  let metrics = MetricsRegistry()
  let lines = LogLines()
  let store: KeyStore
  let authenticator: Authenticator

  init(source: KeySource = .url("https://issuer.example.com/certs"), cacheLimit: Int = 4096) throws {
    (mint, other, renewed) = try Self.mints.get()
    server = FakeKeyServer(document: mint.keySetDocument)
    let lines = lines
    store = try KeyStore(
      source, name: "gar", sender: server, clock: clock, metrics: metrics,
      log: Logger(label: "test") { _ in lines.handler })
    authenticator = Authenticator(
      name: "gar", policy: try AuthenticationPolicy(audiences: [mint.audience], emails: [mint.email]), keys: store,
      cacheLimit: cacheLimit, metrics: metrics)
  }

  /// Runs the store beside `body`, which begins after the first load.
  func running(_ body: () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { [store] in await store.run() }
      await clock.sleeps(reach: 1)
      try await body()
      group.cancelAll()
    }
  }

  /// Moves the clock to the next thing that is due, and waits until it is done.
  func step() async {
    let begun = clock.sleepsBegun
    guard let end = clock.nextEnd else { return }
    clock.advance(to: end)
    await clock.sleeps(reach: begun + 1)
  }

  /// Takes steps until `duration` has passed.
  func pass(_ duration: Duration) async {
    let end = clock.now.advanced(by: duration)
    while let next = clock.nextEnd, next <= end { await step() }
    clock.advance(to: end)
  }

  func token(_ mint: TokenMint? = nil, now: Timestamp = now) throws -> [ArraySlice<UInt8>] {
    Self.field(try (mint ?? self.mint).token(now: now))
  }

  static func field(_ token: [UInt8]) -> [ArraySlice<UInt8>] { [(Array("Bearer ".utf8) + token)[...]] }

  /// A token that names `keyID` and is signed by nobody.
  static func forged(keyID: String) -> [ArraySlice<UInt8>] {
    let header = Base64URL.encode(Array(#"{"alg":"RS256","kid":"\#(keyID)","typ":"JWT"}"#.utf8))
    return field(Array("\(header).e30.AAAA".utf8))
  }

  /// The key set of several mints.
  static func document(_ mints: TokenMint...) throws -> [UInt8] {
    let keys = try mints.flatMap { try JSONValue(parsing: $0.keySetDocument)["keys"]?.array ?? [] }
    return (["keys": .array(keys)] as JSONValue).serialized()
  }

  /// What a token of `mint` is accepted as.
  func accepted(now: Timestamp = now) -> Decision {
    .accepted(
      Identity(
        email: mint.email, subject: "113774264463038321964", audience: mint.audience,
        expires: Timestamp(seconds: now.seconds + 3600)))
  }

  /// The value of one series in the metrics, nil where it is not there.
  func metric(_ series: String) -> String? {
    metrics.text().split(separator: "\n").first { $0.hasPrefix(series + " ") }.map { String($0.dropFirst(series.count + 1)) }
  }
}
