import Clocks
import DequeModule
import Dispatch
import Transport

/// The connections to one origin, and the calls that wait for one.
final class ConnectionPool {
  private let origin: Origin
  private let configuration: HTTPClient.Configuration
  private let loop: Loop
  /// Used last is used next: few connections stay warm, and the others age and are closed.
  private var idle: [ClientConnection] = []
  private var all: [ObjectIdentifier: ClientConnection] = [:]
  private var connecting = 0
  private var waiting = Deque<Call>()
  private var isShutDown = false

  init(_ origin: Origin, _ configuration: HTTPClient.Configuration, on loop: Loop) {
    self.origin = origin
    self.configuration = configuration
    self.loop = loop
  }

  func run(_ call: Call) {
    guard !call.isOver else { return }
    guard !isShutDown else { return call.finish(.failure(.shutDown)) }
    if let connection = idle.popLast() {
      connection.run(call)
    } else if waiting.count < configuration.waitingLimit {
      waiting.append(call)
      expire(call)
      connectIfNeeded()
    } else {
      call.finish(.failure(.overloaded(origin: origin.description)))
    }
  }

  /// Runs `call` over a connection that is made for it or has just answered: those that lie idle are closed, because they have most
  /// likely met the fate of the one that it comes from.
  func runAfresh(_ call: Call) {
    for connection in idle { connection.close() }
    run(call)
  }

  /// Ends `call` at its deadline if it still waits then; on a connection, the channel's own deadline does that.
  private func expire(_ call: Call) {
    let origin = origin.description
    let waiting = LoopBound(WeakCall(call: call), to: loop)
    loop.queue.asyncAfter(deadline: .now() + .nanoseconds(Int(call.limit.saturatedNanoseconds))) {
      guard let call = waiting.value.call, call.connection == nil else { return }
      call.finish(.failure(.deadlineExceeded(origin: origin, after: call.limit)))
    }
  }

  private struct WeakCall {
    weak var call: Call?
  }

  private func connectIfNeeded() {
    guard connecting < waiting.count, all.count + connecting < configuration.connectionsLimit else { return }
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
    Connector.connect(host: origin.host, port: origin.port, tls: tls, on: loop, deadline: deadline) { result in
      pool.value.connected(result)
    }
  }

  private func connected(_ result: Result<LoopBound<Channel>, TransportError>) {
    connecting -= 1
    switch result {
    case .failure(let error): failWaiting(error.description)
    // A channel that was never started closes as it is released.
    case .success where isShutDown: break
    case .success(let channel):
      let connection = ClientConnection(channel.value, in: self, origin: origin, configuration)
      all[ObjectIdentifier(connection)] = connection
      do {
        try connection.start()
      } catch {
        ended(connection)
        failWaiting(error.description)
      }
    }
  }

  /// Every waiting call would meet the same end: the origin cannot be reached.
  private func failWaiting(_ reason: String) {
    let calls = waiting
    waiting = []
    for call in calls { call.finish(.failure(.connect(origin: origin.description, reason: reason))) }
  }

  /// A connection that is established can take a call.
  func isReady(_ connection: ClientConnection) {
    while let call = waiting.popFirst() {
      if !call.isOver { return connection.run(call) }
    }
    idle.append(connection)
  }

  /// - Parameter failure: why the connection could not even be established; nil where it was.
  func ended(_ connection: ClientConnection, establishing failure: String? = nil) {
    all[ObjectIdentifier(connection)] = nil
    idle.removeAll { $0 === connection }
    if let failure { failWaiting(failure) }
    connectIfNeeded()
  }

  func shutDown() {
    isShutDown = true
    for call in waiting { call.finish(.failure(.shutDown)) }
    waiting = []
    for connection in all.values { connection.shutDown() }
  }
}
