import HTTP
import HTTPClient
import HTTPServer
import OpenSSL
import Telemetry
import TestSupport
import Transport

/// Answers `/late` when the test does, and everything else at once with its content.
final class LateService: HTTPService {
  let late: AsyncStream<Responder>
  private let arrivals: AsyncStream<Responder>.Continuation

  init() { (late, arrivals) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1_000)) }

  func admit(_ head: HTTPRequest) -> Admission {
    if head.path == "/late" { return .proceed(contentLimit: 1_000) { [arrivals] _, responder in arrivals.yield(responder) } }
    return .proceed(contentLimit: 4 << 20) { request, responder in responder.send(HTTPResponse(.ok, content: request.content)) }
  }
}

/// Our own server over TLS on a free port, and clients that trust it.
struct SecureServer: Sendable {
  let service = LateService()
  let registry = MetricsRegistry()
  /// Who has signed its certificate, in PEM.
  let authority: [UInt8]
  let listener: HTTPListener
  let origin: Origin

  /// - Parameter protocols: what it agrees to by ALPN; none: it has no ALPN.
  init(protocols: [String] = ["h2", "http/1.1"], _ change: (inout ServerLimits) -> Void = { _ in }) throws {
    let authority = try SelfSignedAuthority()
    self.authority = authority.certificatePEM
    let identity = try authority.issue(commonName: "server", names: ["IP:127.0.0.1", "DNS:server.test"])
    var limits = ServerLimits()
    limits.http.contentBytesLimit = 4 << 20
    change(&limits)
    listener = HTTPListener(
      service: service, limits: limits,
      tls: ServerTLS(try TLSContext.server(identity: identity, applicationProtocols: protocols)),
      metrics: ListenerMetrics(registry, listener: "test"), on: try Loop(name: "server"))
    let address = try SocketAddress.resolve(host: "127.0.0.1", port: 0, isListening: true)[0]
    origin = Origin(isSecure: true, host: "127.0.0.1", port: try listener.start(address).port)
  }

  func client(_ change: (inout HTTPClient.Configuration) throws -> Void = { _ in }) throws -> HTTPClient {
    let context = try TLSContext.client(
      trust: .authorities(pem: authority), applicationProtocols: ["h2", "http/1.1"])
    var configuration = HTTPClient.Configuration(tls: context)
    try change(&configuration)
    return HTTPClient(configuration, on: try Loop(name: "client"))
  }

  /// The value of a metric of the listener.
  func metric(_ name: String, _ labels: String = "") -> Int? {
    let start = "relaunch_http_\(name){listener=\"test\"\(labels)} "
    return registry.text().split(separator: "\n").first { $0.hasPrefix(start) }.flatMap { Int($0.dropFirst(start.count)) }
  }
}

/// What a call ended with.
func outcome(
  _ client: HTTPClient, _ method: HTTPMethod, _ origin: Origin, _ target: String = "/", content: [UInt8] = [],
  responseBytesLimit: Int = 4 << 20, deadline: Duration = .seconds(60)
) async -> Result<ClientResponse, HTTPClientError> {
  let request = ClientRequest(method, origin, target, content: content, responseBytesLimit: responseBytesLimit)
  do throws(HTTPClientError) { return .success(try await client.send(request, deadline: deadline)) } catch {
    return .failure(error)
  }
}

extension Result where Success == ClientResponse, Failure == HTTPClientError {
  var status: HTTPStatus? { if case .success(let response) = self { response.status } else { nil } }
  var error: HTTPClientError? { if case .failure(let error) = self { error } else { nil } }
  /// The reason, where the connection was lost.
  var loss: String? { if case .failure(.connectionLost(_, let reason)) = self { reason } else { nil } }
  /// The reason, where no connection could be made.
  var failure: String? { if case .failure(.connect(_, let reason)) = self { reason } else { nil } }
  /// The reason, where the response was malformed.
  var malformation: String? { if case .failure(.malformedResponse(_, let reason)) = self { reason } else { nil } }
}
