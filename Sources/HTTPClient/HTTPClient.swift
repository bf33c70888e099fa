import Clocks
import Dispatch
import HTTP
package import HTTP2
package import OpenSSL
package import Transport

/// The HTTP client of the API server and of key sets: HTTP/2 over one connection to each origin that offers it by ALPN, else HTTP/1.1
/// over kept ones; bounded, each call with a deadline.
///
// @unchecked: `pools` is touched on the loop alone.
package final class HTTPClient: HTTPSender, @unchecked Sendable {
  package struct Configuration: Sendable {
    /// For `https` origins; nil refuses them. HTTP/2 is spoken where it offers `h2` and the server takes it.
    package var tls: TLSContext?
    /// The name that certificates must carry where it is not the origin's host (kubeconfig's `tls-server-name`).
    package var serverName: String?
    /// What origins are reached through: https ones by a tunnel, http ones by requests to the proxy.
    package var proxies = ProxySettings()
    /// Connections to one origin at one time. With HTTP/2 there is one, and others only while they come to their end.
    package var connectionsLimit = 16
    /// One connection with HTTP/2. `concurrentStreamsLimit` bounds the calls on it, beside what the server allows.
    package var http2 = HTTP2Limits()
    /// Calls to one origin that may wait for a connection, or for a place on it.
    package var waitingLimit = 1024
    /// Calls to one origin whose response is read in pieces, at one time; more are refused with `HTTPClientError.overloaded`. Below
    /// `connectionsLimit` in any case, because with HTTP/1.1 each of them holds a connection for as long as it runs.
    package var streamedCallsLimit = 8
    /// For a TCP connection to be made, and then for TLS to be agreed on.
    package var connectDeadline = Duration.seconds(10)
    /// A connection unused for longer is closed. Shorter than most servers', so that a call seldom meets a closing one.
    package var idleLifetime = Duration.seconds(50)
    /// An HTTP/2 connection on which nothing has come for longer must answer a PING before it carries another call.
    package var quietLimit = Duration.seconds(15)
    /// An HTTP/2 connection on which nothing has come for longer, while calls wait for their responses, must answer a PING.
    package var answerQuietLimit = Duration.seconds(3)
    /// For the answer to a PING; then the connection is given up. With `answerQuietLimit` it should stay below the calls' deadlines.
    package var pongDeadline = Duration.seconds(5)

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
    let call = WholeCall(request, within: deadline)
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

  /// Sends `request` and returns with the head of the final response, whatever its status; the content is read from there, for as long
  /// as the server sends some. `responseBytesLimit` does not count.
  ///
  /// Cancelling the task, and later the one that reads, gives the call up.
  /// - Parameters:
  ///   - headDeadline: from connecting to the last byte of the head.
  ///   - silenceLimit: how long nothing of the content may come. What comes for other calls does not count, nor does the time in which
  ///     something is unread.
  package func stream(
    _ request: ClientRequest, headDeadline: Duration, silenceLimit: Duration
  ) async throws(HTTPClientError) -> StreamedResponse {
    let call = LoopBound(StreamedCall(request, headWithin: headDeadline, silenceLimit: silenceLimit), to: loop)
    // Made first: if the head comes and the task is gone, its release gives the call up.
    let content = ResponseContent(call)
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        loop.perform {
          if call.value.begin(continuation) { self.begin(call.value) }
        }
      }
    } onCancel: {
      loop.perform { call.value.cancel() }
    }
    let head = try result.get()
    return StreamedResponse(status: head.status, fields: head.fields, content: content)
  }

  private func begin(_ call: Call) {
    guard !isShutDown else { return call.end(.shutDown) }
    let origin = call.request.origin
    let pool = pools[origin] ?? ConnectionPool(origin, configuration, on: loop)
    pools[origin] = pool
    watch(call)
    pool.run(call)
  }

  /// Ends `call` when its time is over, wherever it is by then.
  private func watch(_ call: Call) {
    let watched = LoopBound(WeakCall(call: call), to: loop)
    let rest = ContinuousClock.now.duration(to: call.deadline)
    loop.queue.asyncAfter(deadline: .now() + .nanoseconds(Int(rest.saturatedNanoseconds))) {
      guard let call = watched.value.call, !call.isOver else { return }
      if let error = call.overdue(.now) { call.abandon(error) } else { self.watch(call) }
    }
  }

  private struct WeakCall {
    weak var call: Call?
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
