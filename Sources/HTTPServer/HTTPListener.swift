package import Clocks
import Dispatch
import HTTP
import Telemetry
package import Transport

/// One listener with its connections, all on one loop. It lives until it is drained.
///
// @unchecked: everything that changes is touched on the loop alone; `service` is Sendable, the rest is constant.
package final class HTTPListener: @unchecked Sendable {
  let limits: ServerLimits
  let service: any HTTPService
  let metrics: ListenerMetrics
  private let loop: Loop
  private let tls: Listener.TLS?
  private let clock: any WallClock
  private var listener: Listener?
  private var connections: [ObjectIdentifier: ServerConnection] = [:]
  private(set) var isDraining = false
  private var drained: [@Sendable () -> Void] = []
  private var dateSecond: Int64 = .min
  private var dateText = ""

  package init(
    service: any HTTPService, limits: ServerLimits = ServerLimits(), tls: Listener.TLS? = nil, metrics: ListenerMetrics,
    on loop: Loop, clock: any WallClock = SystemWallClock()
  ) {
    self.service = service
    self.limits = limits
    self.metrics = metrics
    self.loop = loop
    self.tls = tls
    self.clock = clock
  }

  /// Binds and begins to accept. Blocks for the loop: call it from a thread that is no loop's.
  /// - Returns: where it listens, with the real port where 0 was asked for.
  package func start(_ address: SocketAddress) throws(TransportError) -> SocketAddress {
    let result = loop.queue.sync { () -> Result<SocketAddress, TransportError> in
      do throws(TransportError) {
        let listener = try Listener(address, tls: tls, on: loop) { channel in self.accept(channel) }
        try listener.start()
        loop.atEndOfTurn { [service] in service.turnEnded() }
        self.listener = listener
        return .success(listener.address)
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// Stops accepting, closes idle connections, and returns when the last request is answered or `limit` has passed; then what is
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

  private func accept(_ channel: Channel) {
    guard connections.count < limits.connectionsLimit else {
      metrics.refusedConnections.add()
      return
    }
    let connection = ServerConnection(channel, of: self)
    connections[ObjectIdentifier(connection)] = connection
    metrics.connections.add(1)
    do {
      try connection.start()
    } catch {
      ended(connection)
    }
  }

  func ended(_ connection: ServerConnection) {
    guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
    metrics.connections.add(-1)
    finishIfDrained()
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
