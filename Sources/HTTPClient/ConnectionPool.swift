import DequeModule
import Transport

/// The connections to one origin, and the calls that wait for one.
final class ConnectionPool: CallCarrier {
  let configuration: HTTPClient.Configuration
  /// What the origin is reached through.
  let proxy: Proxy?
  private let origin: Origin
  private let loop: Loop
  /// In the order in which they were last used. Used last is used next: few connections stay warm, and the others age and are closed.
  private var connections: [ClientConnection] = []
  /// TCP connections that are being made.
  private var connecting = 0
  private var waiting = Deque<Call>()
  /// Whether a connection carries one call at a time. Until a TLS connection has told, it may turn out to carry them all.
  private var speaksHTTP1: Bool
  private var isShutDown = false

  init(_ origin: Origin, _ configuration: HTTPClient.Configuration, on loop: Loop) {
    self.origin = origin
    self.configuration = configuration
    self.loop = loop
    proxy = configuration.proxies.proxy(for: origin)
    speaksHTTP1 = !origin.isSecure
  }

  // MARK: Calls

  func run(_ call: Call) {
    guard !call.isOver else { return }
    guard !isShutDown else { return call.end(.shutDown) }
    guard !call.isStreamed || streamedCount < streamedCallsLimit else {
      return call.end(.overloaded(origin: origin.description))
    }
    if waiting.isEmpty, let connection = connection(for: call) {
      connection.run(call)
    } else if waiting.count < configuration.waitingLimit {
      call.carrier = self
      waiting.append(call)
      dispatch()
    } else {
      call.end(.overloaded(origin: origin.description))
    }
  }

  /// Runs `call` over a connection that is made for it or has just answered: those that lie idle are closed, because they have most
  /// likely met the fate of the one that it comes from.
  func runAfresh(_ call: Call) {
    for connection in connections where connection.isIdle { connection.close() }
    run(call)
  }

  func abandoned(_ call: Call) { waiting.removeAll { $0 === call } }

  private var streamedCount: Int {
    waiting.count(where: \.isStreamed) + connections.reduce(0) { $0 + $1.streamedCount }
  }

  /// Each may have a connection of its own, and one is always left for calls that end soon.
  private var streamedCallsLimit: Int { min(configuration.streamedCallsLimit, configuration.connectionsLimit - 1) }

  private func connection(for call: Call) -> ClientConnection? { connections.last { $0.takes(call) } }

  /// Gives the calls that wait to connections that have room, in the order in which they came, and makes a connection for the rest.
  private func dispatch() {
    while let call = waiting.first, let connection = connection(for: call) {
      waiting.removeFirst()
      connection.run(call)
    }
    connectIfNeeded()
  }

  /// Every waiting call would meet the same end: the origin cannot be reached.
  private func failWaiting(_ reason: String) {
    let calls = waiting
    waiting = []
    for call in calls { call.end(.connect(origin: origin.description, reason: reason)) }
  }

  // MARK: Connections

  private func connectIfNeeded() {
    while !isShutDown, wantsConnection {
      var tls: Connector.TLS?
      if origin.isSecure {
        guard let context = configuration.tls else {
          return failWaiting("https needs certificates to trust, and none are configured")
        }
        tls = Connector.TLS(context: context, serverName: configuration.serverName ?? origin.host)
      }
      connecting += 1
      let pool = LoopBound(self, to: loop)
      // Not the call's deadline: the connection may serve others, and its failure is told to all that wait.
      let deadline = ContinuousClock.now + configuration.connectDeadline
      let (host, port) = proxy.map { ($0.host, $0.port) } ?? (origin.host, origin.port)
      Connector.connect(host: host, port: port, tls: proxy == nil ? tls : nil, on: loop, deadline: deadline) { [tls] result in
        pool.value.connected(result, tls)
      }
    }
  }

  private var wantsConnection: Bool {
    let establishing = connecting + connections.count(where: \.isEstablishing)
    guard establishing < waiting.count, connections.count + connecting < configuration.connectionsLimit else { return false }
    return speaksHTTP1 || (establishing == 0 && !connections.contains(where: \.isShared))
  }

  private func connected(_ result: Result<LoopBound<Channel>, TransportError>, _ tls: Connector.TLS?) {
    connecting -= 1
    switch result {
    case .failure(let error): failWaiting(proxy.map { "proxy \($0): \(error)" } ?? error.description)
    // A channel that was never started closes as it is released.
    case .success where isShutDown: break
    case .success(let channel):
      let tunnel = tls == nil ? nil : proxy.map { ProxyTunnel(to: origin, through: $0) }
      let connection = ClientConnection(channel.value, in: self, tunnel: tunnel, tls: tls)
      connections.append(connection)
      do {
        try connection.start()
      } catch {
        connections.removeAll { $0 === connection }
        failWaiting(error.description)
      }
    }
  }

  func established(_ connection: ClientConnection) {
    speaksHTTP1 = !connection.isShared
    // Several were made because the origin spoke HTTP/1.1 before.
    if connection.isShared, connections.contains(where: { $0 !== connection && $0.isShared }) { connection.retire() }
    isReady(connection)
  }

  /// A connection may have room for calls, or has ceased to be one that others share.
  func isReady(_ connection: ClientConnection) {
    if connections.last !== connection, let index = connections.firstIndex(where: { $0 === connection }) {
      connections.append(connections.remove(at: index))
    }
    dispatch()
  }

  /// - Parameter failure: why the connection could not even be established; nil where it was.
  func ended(_ connection: ClientConnection, establishing failure: String? = nil) {
    connections.removeAll { $0 === connection }
    if let failure { failWaiting(failure) }
    dispatch()
  }

  func shutDown() {
    isShutDown = true
    for call in waiting { call.end(.shutDown) }
    waiting = []
    for connection in connections { connection.shutDown() }
  }
}
