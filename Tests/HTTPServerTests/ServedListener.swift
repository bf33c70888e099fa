import Glibc
import HTTP
import HTTP2
import HTTPServer
import OpenSSL
import struct Synchronization.Atomic
import Locks
import Telemetry
import TestSupport
import Transport

/// Answers `/echo` with the content, `/empty` with 204 and `/big` and
/// `/huge` with 4 and 64 MiB at once, `/turn` at the end of the turn, refuses `/refuse` by its head, and leaves
/// `/late` to the test.
final class PathService: HTTPService {
  let late: AsyncStream<Responder>
  private let lateArrived: AsyncStream<Responder>.Continuation
  private let atTurnEnd = Mutex<[Responder]>([])

  init() { (late, lateArrived) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(64)) }

  func admit(_ head: HTTPRequest) -> Admission {
    switch head.path {
    case "/refuse": return .answer(HTTPResponse(.forbidden, text: "no"))
    case "/echo":
      return .proceed(contentLimit: 100_000) { request, responder in
        responder.send(HTTPResponse(.ok, content: request.content))
      }
    case "/big", "/huge":
      let count = head.path == "/big" ? 4 << 20 : 64 << 20
      return .proceed(contentLimit: 0) { _, responder in
        responder.send(HTTPResponse(.ok, content: [UInt8](repeating: 0x62, count: count)))
      }
    case "/turn":
      return .proceed(contentLimit: 0) { [self] _, responder in atTurnEnd.withLock { $0.append(responder) } }
    case "/late": return .proceed(contentLimit: 0) { [lateArrived] _, responder in lateArrived.yield(responder) }
    default: return .proceed(contentLimit: 10) { _, responder in responder.send(HTTPResponse(.noContent)) }
    }
  }

  func turnEnded() {
    let responders = atTurnEnd.withLock { responders in
      defer { responders = [] }
      return responders
    }
    for responder in responders { responder.send(HTTPResponse(.ok, text: "turn")) }
  }

  func nextLate() async -> Responder? {
    var iterator = late.makeAsyncIterator()
    return await iterator.next()
  }
}

/// A listener on a free port with its loop.
struct ServedListener {
  let service = PathService()
  let registry = MetricsRegistry()
  let loop: Loop
  let listener: HTTPListener
  let port: UInt16
  private let dispatched: Counted

  /// Counts from the loop.
  private final class Counted: Sendable {
    let count = Atomic(0)
  }

  init(tls: ServerTLS? = nil, _ change: (inout ServerLimits) -> Void = { _ in }) throws {
    var limits = ServerLimits()
    // A client of ours may have to wait long for its turn among hundreds of tests.
    for deadline in [
      \ServerLimits.handshakeDeadline, \.headDeadline, \.contentDeadline, \.idleDeadline, \.answerDeadline, \.contentRateGrace,
      \.writeDeadline,
    ] { limits[keyPath: deadline] = .seconds(600) }
    change(&limits)
    loop = try Loop(name: "test")
    let dispatched = Counted()
    self.dispatched = dispatched
    listener = HTTPListener(
      service: service, limits: limits, tls: tls, metrics: ListenerMetrics(registry, listener: "test"), on: loop,
      dispatchLog: { _ in dispatched.count.add(1, ordering: .relaxed) })
    port = try listener.start(try SocketAddress.resolve(host: "127.0.0.1", port: 0, isListening: true)[0]).port
  }

  func connect() throws -> RawConnection { try RawConnection(port: port) }

  /// How many heads have reached the service.
  var dispatchedCount: Int { dispatched.count.load(ordering: .relaxed) }

  var connectionCount: Int { value(of: "relaunch_http_connections{listener=\"test\"}") }

  /// How often `limit` has bitten.
  func hits(_ limit: String) -> Int { value(of: "relaunch_http_limits_total{listener=\"test\",limit=\"\(limit)\"}") }

  func answers(_ status: Int) -> Int { value(of: "relaunch_http_answers_total{listener=\"test\",status=\"\(status)\"}") }

  /// Waits until `limit` has bitten.
  func bites(_ limit: String) async { while hits(limit) == 0 { await Task.yield() } }

  /// Returns when the loop has seen what was sent before: what comes later on another connection is served later.
  func settle() async throws {
    let other = try connect()
    other.send("GET /empty HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    _ = await other.received()
  }

  private func value(of metric: String) -> Int {
    for line in registry.text().split(separator: "\n") where line.hasPrefix(metric + " ") {
      return Int(line.dropFirst(metric.utf8.count + 1)) ?? 0
    }
    return 0
  }
}

extension HTTP2Client {
  convenience init(_ server: ServedListener, _ change: (inout HTTP2Limits) -> Void = { _ in }) throws {
    var limits = HTTP2Limits()
    change(&limits)
    try self.init(Wire(try server.connect()), limits)
  }
}

/// Repeats `step` for a while, with pauses: a peer that is slow is made of nothing else. It has a thread of its own, for it must not
/// become slower than it is meant to be, however many tests run beside it.
func repeatedly(for duration: Duration, _ step: @escaping @Sendable () throws -> Void) async throws {
  let end = ContinuousClock.now + duration
  try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
    onThreadOfItsOwn {
      continuation.resume(
        with: Result {
          while ContinuousClock.now < end {
            try step()
            usleep(20_000)
          }
        })
    }
  }
}

/// Status lines and content of the responses in `text`, the fields left out.
func summaries(_ text: String) -> [String] {
  text.split(separator: "HTTP/1.1 ").map { response in
    let parts = response.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
    let status = parts[0].prefix { $0 != "\r\n" }
    return parts.count > 1 && !parts[1].isEmpty ? "\(status): \(parts[1])" : String(status)
  }
}

/// Lets a test release a connection at a chosen moment.
final class RawConnectionBox {
  let connection: RawConnection

  init(_ connection: RawConnection) { self.connection = connection }
}
