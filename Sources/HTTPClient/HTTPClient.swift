import HTTP
package import OpenSSL
package import Transport

/// The HTTP client of the API server and of key sets: HTTP/1.1 over kept connections, bounded, each call with a deadline.
///
// @unchecked: `pools` is touched on the loop alone.
package final class HTTPClient: HTTPSender, @unchecked Sendable {
  package struct Configuration: Sendable {
    /// For `https` origins; nil refuses them.
    package var tls: TLSContext?
    /// The name that certificates must carry where it is not the origin's host (kubeconfig's `tls-server-name`).
    package var serverName: String?
    /// Connections to one origin at one time.
    package var connectionsLimit = 16
    /// Calls that may wait for a connection to one origin.
    package var waitingLimit = 1024
    /// For a TCP connection to be made, and then for TLS to be agreed on.
    package var connectDeadline = Duration.seconds(10)
    /// A connection unused for longer is closed. Shorter than most servers', so that a call seldom meets a closing one.
    package var idleLifetime = Duration.seconds(50)

    package init(tls: TLSContext? = nil, serverName: String? = nil) {
      self.tls = tls
      self.serverName = serverName
    }
  }

  private let loop: Loop
  private let configuration: Configuration
  private var pools: [Origin: ConnectionPool] = [:]
  private var isShutDown = false

  package init(_ configuration: Configuration, on loop: Loop) {
    self.configuration = configuration
    self.loop = loop
  }

  package func send(_ request: ClientRequest, deadline: Duration) async throws(HTTPClientError) -> ClientResponse {
    let call = Call(request, within: deadline)
    let bound = LoopBound(call, to: loop)
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        loop.perform {
          if bound.value.begin(continuation) { self.begin(bound.value) }
        }
      }
    } onCancel: {
      loop.perform { bound.value.abandon(.connectionLost(origin: request.origin.description, reason: "the call was cancelled")) }
    }
    return try result.get()
  }

  private func begin(_ call: Call) {
    guard !isShutDown else { return call.finish(.failure(.shutDown)) }
    let origin = call.request.origin
    let pool = pools[origin] ?? ConnectionPool(origin, configuration, on: loop)
    pools[origin] = pool
    pool.run(call)
  }

  /// Closes every connection; calls under way, and all later ones, fail with `.shutDown`.
  package func shutDown() {
    loop.perform {
      self.isShutDown = true
      for pool in self.pools.values { pool.shutDown() }
      self.pools = [:]
    }
  }
}
