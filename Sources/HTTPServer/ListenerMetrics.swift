import HTTP
package import Telemetry

/// What one listener counts. `listener` is its name in the configuration.
package struct ListenerMetrics: Sendable {
  let connections: Gauge
  let malformed: Counter
  private let answers: [Int: Counter]
  private let otherAnswers: Counter
  private let limits: [ServerLimit: Counter]

  package init(_ registry: MetricsRegistry, listener: String) {
    let label = [(name: "listener", value: listener)]
    connections = registry.gauge("relaunch_http_connections", "Open connections.", label)
    malformed = registry.counter(
      "relaunch_http_malformed_requests_total", "Requests that are not valid HTTP, or pass a limit.", label)
    let help = "Answers by status."
    let statuses = [200, 202, 204, 400, 401, 403, 404, 405, 408, 409, 411, 413, 422, 429, 431, 500, 501, 503]
    answers = Dictionary(
      uniqueKeysWithValues: statuses.map {
        ($0, registry.counter("relaunch_http_answers_total", help, label + [("status", "\($0)")]))
      })
    otherAnswers = registry.counter("relaunch_http_answers_total", help, label + [("status", "other")])
    limits = Dictionary(
      uniqueKeysWithValues: ServerLimit.allCases.map {
        (
          $0,
          registry.counter(
            "relaunch_http_limits_total", "Times that a limit of a listener bit.", label + [("limit", $0.rawValue)])
        )
      })
  }

  func hit(_ limit: ServerLimit) { limits[limit]?.add() }

  func answered(_ status: HTTPStatus) { (answers[status.rawValue] ?? otherAnswers).add() }
}
