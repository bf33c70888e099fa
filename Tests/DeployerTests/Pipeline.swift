import Clocks
import Configuration
@testable import Deployer
import DurableLog
import HTTP
import HTTPClient
import HTTPServer
import JSON
import Kubernetes
import Locks
import Notifications
import Telemetry
import Testing
import TestSupport
import Transport

/// A time of day that moves when it is told to.
final class ManualWallClock: WallClock {
  private let instant = Mutex(Push.published + .seconds(1))

  func now() -> Timestamp { instant.withLock { $0 } }
  func advance(by duration: Duration) { instant.withLock { $0 = $0 + duration } }
}

/// A deployer behind listeners of its own, in front of a cluster in memory, with its log on a disk in memory.
///
/// Dropping it without `deployer.drain` is a crash: `disk.afterKill()` is what the next one finds.
final class Pipeline: Sendable {
  private static let loop = Result { try Loop(name: "pipeline") }

  let deployer: Deployer
  let api: FakeAPIServer
  let disk: FaultyDisk
  let clock: ManualWallClock
  let lines = LogLines()
  let registry = MetricsRegistry()
  private let client: HTTPClient
  private let listeners: [HTTPListener]
  private let pushOrigin: Origin
  private let adminOrigin: Origin

  /// - Parameter change: makes the settings what the test wants: else one source without authentication that answers when the event
  ///   is journaled, and retries after a millisecond.
  init(
    disk: FaultyDisk = FaultyDisk(), api: FakeAPIServer? = nil, clock: ManualWallClock = ManualWallClock(),
    adminRule: AdminGate.Rule = .loopback, receivers: [Receiver] = [], timer: any Clock<Duration> = ContinuousClock(),
    _ change: (inout Settings) -> Void = { _ in }
  ) throws {
    let documents = try Documents.directory.get()
    var settings = Settings()
    settings.state = "/state"
    settings.rules = documents + "/rules"
    settings.mapping = documents + "/mapping"
    settings.retry.baseDelay = .milliseconds(1)
    settings.retry.maximumDelay = .milliseconds(1)
    settings.sources = try Settings.read(Array("sources: {gar: {authentication: none}}".utf8), file: "test.yaml").sources
    change(&settings)
    self.disk = disk
    self.clock = clock
    let api = api ?? Self.cluster()
    self.api = api
    let loop = try Self.loop.get()
    let origin = Origin(isSecure: true, host: "kubernetes.default.svc", port: 443)
    deployer = try Deployer(
      Deployer.Environment(
        settings: settings, api: APIClient(Credentials(origin: origin), sender: api), keys: [:],
        generations: GenerationStore(rules: settings.rules, mapping: settings.mapping, logger: lines.logger),
        adminGate: AdminGate(adminRule, clock: clock), registry: registry, logger: lines.logger, clock: clock, disk: disk,
        receivers: receivers, timer: timer))
    client = HTTPClient(HTTPClient.Configuration(), on: loop)
    let registry = registry
    func listener(_ service: any HTTPService, _ name: String) throws -> (HTTPListener, Origin) {
      let listener = HTTPListener(service: service, metrics: ListenerMetrics(registry, listener: name), on: loop)
      let port = try listener.start(try SocketAddress.resolve(host: "127.0.0.1", port: 0, isListening: true)[0]).port
      return (listener, Origin(isSecure: false, host: "127.0.0.1", port: port))
    }
    let (push, pushOrigin) = try listener(deployer.pushService, "push")
    let (admin, adminOrigin) = try listener(deployer.adminService, "admin")
    listeners = [push, admin]
    self.pushOrigin = pushOrigin
    self.adminOrigin = adminOrigin
  }

  /// A cluster with the Deployments that the mapping names.
  static func cluster() -> FakeAPIServer {
    let api = FakeAPIServer()
    api.addDeployment("default", "frontend", images: [Documents.frontend])
    api.addDeployment("backend-ns", "backend", images: [Documents.backend])
    return api
  }

  /// What `/readyz` says. A probe is answered at once.
  func readiness() throws -> (status: HTTPStatus, text: String) {
    guard case .answer(let answer) = deployer.opsService.admit(HTTPRequest(method: .get, target: "/readyz")) else {
      throw NoAnswer()
    }
    return (answer.status, String(decoding: answer.content, as: UTF8.self))
  }

  private struct NoAnswer: Error {}

  /// Runs the deployer beside `body`, and then ends it as a crash would: nothing is closed.
  func running<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await self.deployer.run() }
      defer { group.cancelAll() }
      let value = try await body()
      await close()
      return value
    }
  }

  private func close() async {
    client.shutDown()
    for listener in listeners { await listener.drain(within: .seconds(1)) }
  }

  // MARK: Requests

  /// Pushes a message that must be accepted.
  func accept(_ message: Push, _ place: SourceLocation = #_sourceLocation) async throws {
    #expect(try await push(message) == .noContent, sourceLocation: place)
  }

  func push(_ message: Push) async throws -> HTTPStatus { try await push(message.body).status }

  func push(_ body: [UInt8], source: String = "gar") async throws -> ClientResponse {
    try await send(ClientRequest(.post, pushOrigin, "/push/\(source)", content: body))
  }

  func push(_ method: HTTPMethod, _ target: String, fields: HTTPFields = HTTPFields()) async throws -> ClientResponse {
    try await send(ClientRequest(method, pushOrigin, target, fields: fields))
  }

  func ask(
    _ target: String, _ method: HTTPMethod = .get, fields: [(name: FieldName, value: String)] = [(.accept, "application/json")]
  ) async throws -> ClientResponse {
    try await send(ClientRequest(method, adminOrigin, target, fields: HTTPFields(fields)))
  }

  func json(_ target: String, _ method: HTTPMethod = .get) async throws -> JSONValue {
    try JSONValue(parsing: try await ask(target, method).content)
  }

  func text(_ target: String) async throws -> String {
    String(decoding: try await ask(target, fields: [(.accept, "text/plain")]).content, as: UTF8.self)
  }

  /// What happened to the event, stage by stage.
  func stages(_ id: String) async throws -> [String] {
    try await json("/events/\(id)")["stages"]?.array?.compactMap { $0["state"]?.string } ?? []
  }

  /// The ids of the dead letters, newest first.
  func deadLetters() async throws -> [String] {
    try await json("/deadletters")["deadLetters"]?.array?.compactMap { $0["id"]?.string } ?? []
  }

  private func send(_ request: ClientRequest) async throws -> ClientResponse {
    try await client.send(request, deadline: .seconds(60))
  }
}
