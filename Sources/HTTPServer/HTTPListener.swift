package import Clocks
import Dispatch
package import HTTP
import Telemetry
package import Transport

/// One listener with its connections, all on one loop. It lives until it is drained.
///
// @unchecked: everything that changes is touched on the loop alone; `service` is Sendable, the rest is constant.
package final class HTTPListener: @unchecked Sendable {
  private static let floodCount = 256

  let limits: ServerLimits
  let service: any HTTPService
  let metrics: ListenerMetrics
  private let loop: Loop
  private let tls: ServerTLS?
  private let clock: any WallClock
  private let dispatchLog: (@Sendable (HTTPRequest) -> Void)?
  private var listener: Listener?
  private var connections: [ObjectIdentifier: ServerConnection] = [:]
  /// The most connections there have been since memory was given back the last time.
  private var peakCount = 0
  private var connectionCounts: [SocketAddress.Host: Int] = [:]
  /// Conversations that may have something to send at the end of this turn.
  private var waiting: [any ServerConversation] = []
  private(set) var isDraining = false
  private var drained: [@Sendable () -> Void] = []
  private var dateSecond: Int64 = .min
  private var dateText = ""

  /// - Parameters:
  ///   - tls: what connections speak TLS with; nil for plain ones.
  ///   - dispatchLog: is told of each head that reaches the service, on the loop.
  package init(
    service: any HTTPService, limits: ServerLimits = ServerLimits(), tls: ServerTLS? = nil, metrics: ListenerMetrics,
    on loop: Loop, clock: any WallClock = SystemWallClock(), dispatchLog: (@Sendable (HTTPRequest) -> Void)? = nil
  ) {
    self.service = service
    self.limits = limits
    self.metrics = metrics
    self.loop = loop
    self.tls = tls
    self.clock = clock
    self.dispatchLog = dispatchLog
  }

  /// Binds and begins to accept. Blocks for the loop: call it from a thread that is no loop's.
  /// - Returns: where it listens, with the real port where 0 was asked for.
  package func start(_ address: SocketAddress) throws(TransportError) -> SocketAddress {
    let result = loop.queue.sync { () -> Result<SocketAddress, TransportError> in
      do throws(TransportError) {
        let listener = try Listener(address, tls: tls, on: loop) { channel in self.accept(channel) }
        try listener.start()
        self.listener = listener
        loop.atEndOfTurn { [weak self] in self?.turnEnded() }
        return .success(listener.address)
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// Stops accepting, ends idle connections, and returns when the last request is answered or `limit` has passed; then what is
  /// left is closed.
  package func drain(within limit: Duration) async {
    await withCheckedContinuation { continuation in
      loop.perform {
        self.drained.append { continuation.resume() }
        self.beginDraining()
        self.loop.queue.asyncAfter(deadline: .now() + .nanoseconds(Int(limit.saturatedNanoseconds))) {
          for connection in self.connections.values { connection.abandon() }
          self.finishIfDrained()
        }
      }
    }
  }

  private func beginDraining() {
    isDraining = true
    listener?.stop()
    listener = nil
    for connection in connections.values { connection.drain() }
    finishIfDrained()
  }

  private func finishIfDrained() {
    guard isDraining, connections.isEmpty else { return }
    let drained = self.drained
    self.drained = []
    for resume in drained { resume() }
  }

  // MARK: Connections

  private func accept(_ channel: Channel) {
    if let host = channel.peerHost, limits.connectionsPerAddressLimit > 0, !host.isLoopback || !limits.exemptsLoopback {
      guard connectionCounts[host, default: 0] < limits.connectionsPerAddressLimit else {
        return metrics.hit(.connectionsPerAddress)
      }
    }
    guard makeRoom() else { return }
    let connection = ServerConnection(channel, of: self)
    connections[ObjectIdentifier(connection)] = connection
    if let host = channel.peerHost { connectionCounts[host, default: 0] += 1 }
    peakCount = max(peakCount, connections.count)
    metrics.connections.add(1)
    do {
      try connection.start()
    } catch {
      ended(connection)
    }
  }

  /// Where there are as many connections as may be, ends the one that has let us wait longest, be it for its next request or for the
  /// rest of one: who sends slowly on purpose goes before anyone who does not.
  /// - Returns: whether there is room for another.
  private func makeRoom() -> Bool {
    guard connections.count >= limits.connectionsLimit else { return true }
    metrics.hit(.connections)
    let waiting = connections.values.compactMap { connection in connection.waitingSince.map { (connection, $0) } }
    guard let (connection, _) = waiting.min(by: { $0.1 < $1.1 }) else { return false }
    connection.abandon()
    return true
  }

  func ended(_ connection: ServerConnection) {
    guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
    if let host = connection.channel.peerHost, let count = connectionCounts[host] {
      connectionCounts[host] = count > 1 ? count - 1 : nil
    }
    metrics.connections.add(-1)
    releaseMemory()
    finishIfDrained()
  }

  /// After a flood what it has cost is given back; a few connections more or less are not worth the trouble.
  private func releaseMemory() {
    guard peakCount >= Self.floodCount, connections.count <= peakCount / 4 else { return }
    peakCount = connections.count
    FreeMemory.release()
  }

  // MARK: For connections

  func dispatched(_ head: HTTPRequest) { dispatchLog?(head) }

  /// Has `conversation` flushed at the end of this turn: what one turn brings for it then leaves together.
  func needsFlush(_ conversation: any ServerConversation) { waiting.append(conversation) }

  private func turnEnded() {
    service.turnEnded()
    let waiting = self.waiting
    self.waiting.removeAll(keepingCapacity: true)
    for conversation in waiting { conversation.flush() }
    // What a flush makes room for may be further requests.
    if !waiting.isEmpty { service.turnEnded() }
  }

  /// The value of the Date field, made once a second.
  func date() -> String {
    let now = clock.now()
    if now.seconds != dateSecond {
      dateSecond = now.seconds
      dateText = HTTPDate.text(timestamp: now.rfc3339WholeSeconds, seconds: now.seconds)
    }
    return dateText
  }
}
