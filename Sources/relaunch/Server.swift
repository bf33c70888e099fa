import Configuration
import Deployer
import DurableLog
import FoundationEssentials
import HTTP
import HTTPClient
import HTTPServer
import Kubernetes
import Logging
import OIDC
import OpenSSL
import Telemetry
import Transport

/// A running server: the deployer behind its three listeners.
struct Server: Sendable {
  let deployer: Deployer
  private let listeners: [HTTPListener]
  private let certificates: [FollowedFile<ListenerCertificate>]
  private let adminToken: FollowedFile<[UInt8]>?
  /// What is printed for each of them.
  private let announcement: [String]
  private let stopping: StopSettings
  private let sink: LogSink
  private let logger: Logger

  /// Opens the log and the listeners.
  init(_ settings: Settings) throws {
    let sink = LogSink()
    let level = Logger.Level(rawValue: settings.logLevel) ?? .info
    let logger = Logger(label: "relaunch") { _ in JSONLogHandler(sink: sink, level: level) }
    let registry = MetricsRegistry()
    let pushLoop = try Loop(name: "push")
    let controlLoop = try Loop(name: "control")
    let addresses = try Self.addresses(settings)
    let proxies = try ProxySettings(environment: ProcessInfo.processInfo.environment)
    let generations = GenerationStore(rules: settings.rules, mapping: settings.mapping, logger: logger)
    let (gate, adminToken) = try Self.adminGate(settings)
    self.adminToken = adminToken
    let deployer = try Deployer(
      Deployer.Environment(
        settings: settings, api: try Self.apiClient(settings, proxies, controlLoop, logger),
        keys: try Self.keyStores(settings, proxies, controlLoop, registry, logger), generations: generations,
        adminGate: gate, registry: registry, logger: logger, receivers: try Receivers.make(settings, proxies, on: controlLoop)))
    Self.tell(deployer.recovery, logger)
    self.deployer = deployer
    self.sink = sink
    self.logger = logger
    stopping = settings.stop
    let limits = ServerLimits(settings.limits)
    let parts: [(String, any HTTPService, Loop, SocketAddress, ListenerSettings)] = [
      ("push", deployer.pushService, pushLoop, addresses.push, settings.push),
      ("ops", deployer.opsService, controlLoop, addresses.ops, settings.ops),
      ("admin", deployer.adminService, controlLoop, addresses.admin, settings.admin),
    ]
    var lines: [String] = []
    var certificates: [FollowedFile<ListenerCertificate>] = []
    var listeners: [HTTPListener] = []
    for (name, service, loop, address, settings) in parts {
      let tls = try settings.tls.map { try ListenerCertificate.load($0, of: name) }
      if let tls { certificates.append(tls.files) }
      var dispatched: (@Sendable (HTTPRequest) -> Void)?
      if let path = settings.dispatchLog {
        let log = try DispatchLog(path)
        dispatched = { log.add($0) }
      }
      let listener = HTTPListener(
        service: service, limits: limits, tls: tls?.tls, metrics: ListenerMetrics(registry, listener: name), on: loop,
        dispatchLog: dispatched)
      do {
        lines.append("listening \(name) \(tls == nil ? "http" : "https")://\(try listener.start(address))")
      } catch {
        throw WiringError("listeners.\(name): \(error); give it another address or port, or stop what listens there")
      }
      listeners.append(listener)
    }
    self.listeners = listeners
    self.certificates = certificates
    announcement = lines
  }

  /// Prints a line for each listener when pushes can be judged. Keys in files are there in a moment; for an issuer that does not
  /// answer nobody waits long, as the server is not ready then but does run.
  func announce() async {
    let deadline = ContinuousClock.now + .seconds(2)
    while !deployer.hasKeys, ContinuousClock.now < deadline { try? await Task.sleep(for: .milliseconds(5)) }
    for line in announcement { Terminal.line(line) }
  }

  var logFailure: LogError? { if case .closed? = deployer.logFailure { nil } else { deployer.logFailure } }

  /// Returns when the log takes nothing more: then nothing more can be promised, and the process must end.
  func watchLog() async {
    while !Task.isCancelled, deployer.logFailure == nil { try? await Task.sleep(for: .milliseconds(500)) }
  }

  /// Follows the files of certificates and of the admin token until it is cancelled.
  func followFiles() async {
    await withDiscardingTaskGroup { group in
      for certificate in certificates { group.addTask { await certificate.follow(logger) } }
      if let adminToken { group.addTask { await adminToken.follow(logger) } }
    }
  }

  /// Stops in order: a moment in which others learn of it, then no new work, answers to what has begun, the running jobs, the log.
  func stop(_ signals: StopSignals) async {
    logger.info("stopping", metadata: ["lame_duck": "\(signals.isAtLeast(.soon) ? .zero : stopping.lameDuck)"])
    deployer.beginLeaving()
    await signals.wait(for: .soon, atMost: stopping.lameDuck)
    deployer.beginStopping()
    await withDiscardingTaskGroup { group in
      group.addTask {
        await signals.wait(for: .now)
        guard signals.isAtLeast(.now) else { return }
        deployer.hurry()
        for listener in listeners { await listener.drain(within: .milliseconds(500)) }
      }
      await withDiscardingTaskGroup { group in
        for listener in listeners { group.addTask { await listener.drain(within: stopping.requests) } }
      }
      await deployer.drain(within: stopping.jobs)
      group.cancelAll()
    }
    logger.info("stopped")
    sink.flush()
  }

  // MARK: Wiring

  /// The listeners' addresses, and what only some addresses allow. Nothing listens yet.
  static func addresses(
    _ settings: Settings
  ) throws -> (push: SocketAddress, ops: SocketAddress, admin: SocketAddress) {
    func resolve(_ name: String, _ listener: ListenerSettings) throws -> SocketAddress {
      guard let address = try SocketAddress.resolve(host: listener.address, port: listener.port, isListening: true).first else {
        throw WiringError("listeners.\(name).address: \(listener.address) has no address")
      }
      return address
    }
    let push = try resolve("push", settings.push)
    let admin = try resolve("admin", settings.admin)
    if let open = settings.sources.first(where: { $0.authentication == nil }), !push.isLoopback {
      throw WiringError(
        "sources.\(open.name).authentication: none is accepted only with a loopback push listener, and listeners.push.address is "
          + "\(settings.push.address); configure authentication or listen on 127.0.0.1")
    }
    if settings.adminTokenFile == nil, settings.admin.tls?.clientAuthorities == nil, !admin.isLoopback {
      throw WiringError(
        "listeners.admin.address: \(settings.admin.address) is not loopback, so listeners.admin.tokenFile is needed, a file with a "
          + "bearer token of 32 bytes or more, or listeners.admin.tls.clientAuthorities")
    }
    return (push, try resolve("ops", settings.ops), admin)
  }

  /// What clients of ours offer by ALPN.
  private static let applicationProtocols = ["h2", "http/1.1"]

  /// - Returns: nil in a dry run without a cluster.
  private static func apiClient(
    _ settings: Settings, _ proxies: ProxySettings, _ loop: Loop, _ logger: Logger
  ) throws -> APIClient? {
    let credentials: Credentials
    do throws(CredentialsError) {
      credentials = try Credentials.load(
        kubeconfig: settings.kubernetes.kubeconfig, context: settings.kubernetes.context,
        environment: ProcessInfo.processInfo.environment)
    } catch {
      guard settings.isDryRun, settings.kubernetes.kubeconfig == nil else { throw error }
      logger.warning(
        "no cluster", metadata: ["reason": "\(error)", "consequence": "workloads are not looked at in this dry run"])
      return nil
    }
    let tls = try TLSContext.client(
      trust: credentials.trust.map { .authorities(pem: $0) } ?? .systemRoots,
      identity: credentials.clientCertificate.map {
        TLSIdentity(certificateChainPEM: $0.certificate, privateKeyPEM: $0.key.bytes)
      }, applicationProtocols: Self.applicationProtocols)
    var configuration = HTTPClient.Configuration(tls: tls, serverName: credentials.serverName)
    configuration.proxies = credentials.proxy.map(ProxySettings.always) ?? proxies
    let client = HTTPClient(configuration, on: loop)
    var metadata: Logger.Metadata = ["server": "\(credentials.origin)", "namespace": "\(credentials.namespace)"]
    if let proxy = configuration.proxies.proxy(for: credentials.origin) { metadata["proxy"] = "\(proxy)" }
    logger.info("cluster", metadata: metadata)
    return APIClient(credentials, sender: client, callDeadline: settings.kubernetes.callDeadline)
  }

  private static func keyStores(
    _ settings: Settings, _ proxies: ProxySettings, _ loop: Loop, _ registry: MetricsRegistry, _ logger: Logger
  ) throws -> [String: KeyStore] {
    var configuration = HTTPClient.Configuration(tls: try TLSContext.client(applicationProtocols: Self.applicationProtocols))
    configuration.proxies = proxies
    let client = HTTPClient(configuration, on: loop)
    var stores: [String: KeyStore] = [:]
    for source in settings.sources {
      guard let authentication = source.authentication else { continue }
      let keys: KeySource =
        switch authentication.keys {
        case .url(let url): .url(url)
        case .file(let path): .file(path)
        case .inline(let text): .inline(Array(text.utf8))
        }
      stores[source.name] = try KeyStore(keys, name: source.name, sender: client, metrics: registry, log: logger)
    }
    return stores
  }

  private static func adminGate(_ settings: Settings) throws -> (AdminGate, FollowedFile<[UInt8]>?) {
    guard let path = settings.adminTokenFile else {
      return (AdminGate(settings.admin.tls?.clientAuthorities == nil ? .loopback : .clientCertificate), nil)
    }
    let inForce = try adminToken(path)
    let token = AdminToken(inForce)
    let file = FollowedFile(
      name: "admin token", inForce: inForce, read: { try adminToken(path) }, use: { token.replace(by: $0) })
    return (AdminGate(.token(token)), file)
  }

  private static func adminToken(_ path: String) throws -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw WiringError("listeners.admin.tokenFile: \(path) cannot be read")
    }
    let token = Array(String(decoding: data, as: UTF8.self).trimming { $0.isWhitespace }.utf8)
    guard token.count >= AdminToken.lengthMinimum else {
      throw WiringError(
        "listeners.admin.tokenFile: \(path) holds \(token.count) bytes; a token of \(AdminToken.lengthMinimum) or more is needed")
    }
    return token
  }

  private static func tell(_ recovery: RecoveryReport, _ logger: Logger) {
    logger.info(
      "log opened",
      metadata: [
        "segments": "\(recovery.segments)", "records": "\(recovery.records)", "last_sequence": "\(recovery.lastSequence)",
        "closed_in_order": "\(recovery.wasClosed)",
      ])
    guard let tail = recovery.tornTail else { return }
    logger.warning(
      "torn tail cut",
      metadata: ["segment": "\(tail.segment)", "offset": "\(tail.offset)", "bytes": "\(tail.bytes)", "copy": "\(tail.copy)"])
  }
}

/// Settings that do not fit together, in a sentence that names them.
struct WiringError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

extension ServerLimits {
  fileprivate init(_ settings: LimitSettings) {
    self.init()
    connectionsLimit = settings.connections
    connectionsPerAddressLimit = settings.connectionsPerAddress
    requestsLimit = settings.requestsPerConnection
    headBytesLimit = settings.headBytes
    http.contentBytesLimit = settings.contentBytes
    streamsLimit = settings.streams
    contentBytesPerSecond = settings.contentBytesPerSecond
    unsentBytesLimit = settings.unsentBytes
    handshakeDeadline = settings.handshakeDeadline
    headDeadline = settings.headDeadline
    contentDeadline = settings.contentDeadline
    idleDeadline = settings.idleDeadline
    writeDeadline = settings.writeDeadline
    answerDeadline = settings.answerDeadline
  }
}
