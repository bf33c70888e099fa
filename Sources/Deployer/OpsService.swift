import HTTP
import HTTPServer
import JSON
import Telemetry

/// The ops listener: probes for the kubelet, metrics for Prometheus.
final class OpsService: HTTPService {
  private let registry: MetricsRegistry
  private let readiness: @Sendable () -> Readiness

  init(registry: MetricsRegistry, readiness: @escaping @Sendable () -> Readiness) {
    self.registry = registry
    self.readiness = readiness
  }

  func admit(_ head: HTTPRequest) -> Admission {
    guard head.method == .get || head.method == .head else {
      return .answer(HTTPResponse(.methodNotAllowed, fields: HTTPFields([(.allow, "GET, HEAD")])))
    }
    switch head.path {
    case "/livez": return .answer(HTTPResponse(.ok, text: "ok\n"))
    case "/readyz":
      let readiness = readiness()
      return .answer(HTTPResponse(readiness.isReady ? .ok : .serviceUnavailable, text: readiness.text))
    case "/metrics":
      return .answer(HTTPResponse(.ok, text: registry.text(), contentType: "text/plain; version=0.0.4; charset=utf-8"))
    default: return .answer(HTTPResponse(.notFound, text: "GET /livez, /readyz or /metrics\n"))
    }
  }
}

/// Whether pushes can be taken, each reason on a line. Problems of the rules and of the API server are told, but they do not take the
/// server out of service: the other rules work, and what is taken is kept.
struct Readiness: Sendable {
  var checks: [(name: String, problem: String?)]
  var warnings: [(name: String, text: String)]

  var isReady: Bool { checks.allSatisfy { $0.problem == nil } }

  var text: String {
    checks.map { "\($0.problem == nil ? "[+]" : "[-]")\($0.name) \($0.problem ?? "ok")\n" }.joined()
      + warnings.map { "[!]\($0.name) \($0.text)\n" }.joined() + (isReady ? "ready\n" : "not ready\n")
  }
}
