import Clocks
import Configuration
import Dispatch
import HTTP
import HTTPServer
import JSON
import Logging
import Sensors

/// The admin listener: what happened and why, and what to do about what failed.
///
/// Answers are JSON, or a table for people: `Accept: text/plain`, or curl without an Accept of its own.
final class AdminService: HTTPService {
  private static let help = """
    GET    /events[?limit=50&before=N&outcome=dead&source=gar&image=TEXT]   events, newest first
    GET    /events/{id}                what happened to one event, and why
    GET    /deadletters[?FILTER&limit=100&before=N]   work that was given up, newest first
    GET    /deadletters/{id}
    POST   /deadletters/{id}/replay    do it again, with the rules and the mapping of now
    POST   /deadletters/replay?FILTER[&limit=100]    the same for the oldest of many
    DELETE /deadletters/{id}[?because=TEXT]          let it be
    DELETE /deadletters?FILTER[&because=TEXT&limit=100]    the same for the oldest of many
    GET    /jobs                       restarts that are not finished
    GET    /rules                      the rules in force, and what the linter says

    FILTER: reason=forbidden, image=PART, source=gar, target=default/web, since=2h or since=2026-11-23T14:00:00Z, until=…; all that are
    given must hold. To change all letters there are, say all=true. Where there is more, "next" says how to ask on.

    JSON with "Accept: application/json", a table with "Accept: text/plain".

    """

  private let ledger: Ledger
  private let generations: GenerationStore
  private let gate: AdminGate
  private let deadLetters: AdminDeadLetters
  /// Reading the log blocks, and a loop must not.
  private let queue = DispatchQueue(label: "relaunch.admin")

  init(
    ledger: Ledger, engine: Engine, generations: GenerationStore, gate: AdminGate, clock: any WallClock, metrics: DeployerMetrics,
    logger: Logger
  ) {
    self.ledger = ledger
    self.generations = generations
    self.gate = gate
    deadLetters = AdminDeadLetters(
      ledger: ledger, engine: engine, generations: generations, clock: clock, metrics: metrics, logger: logger)
  }

  func admit(_ head: HTTPRequest) -> Admission {
    // Before the path: a stranger learns nothing about which paths there are.
    switch gate.judge(head) {
    case .admitted: break
    case .unauthorized:
      return .answer(
        HTTPResponse(
          .unauthorized, fields: HTTPFields([(.wwwAuthenticate, "Bearer"), (.contentType, "text/plain")]),
          content: Array("unauthorized\n".utf8)))
    case .tooManyFailures:
      return .answer(
        HTTPResponse(
          .tooManyRequests, fields: HTTPFields([(.retryAfter, "1"), (.contentType, "text/plain")]),
          content: Array("too many wrong tokens\n".utf8)))
    case .foreign(let reason): return .answer(HTTPResponse(.forbidden, text: "\(reason)\n"))
    }
    return .proceed(contentLimit: 64 << 10) { [self] request, responder in
      queue.async { responder.send(self.answer(request)) }
    }
  }

  private func answer(_ request: HTTPRequest) -> HTTPResponse {
    let view = AdminView(request)
    do throws(QueryError) { return try answer(request, view) } catch { return view.problem(.badRequest, "\(error)") }
  }

  private func answer(_ request: HTTPRequest, _ view: AdminView) throws(QueryError) -> HTTPResponse {
    let parts = request.path.split(separator: "/").map(String.init)
    switch (request.method, parts.first, parts.count) {
    case (.get, nil, _): return HTTPResponse(.ok, text: Self.help)
    case (.get, "events", 1): return view.page(try events(view))
    case (.get, "events", 2): return event(parts[1], view)
    case (.get, "deadletters", 1): return try deadLetters.list(view)
    case (.delete, "deadletters", 1): return try deadLetters.discardMany(view)
    case (.post, "deadletters", 2) where parts[1] == "replay": return try deadLetters.replayMany(view)
    case (_, "deadletters", 2) where parts[1] == "replay": return view.notAllowed("POST")
    case (.get, "deadletters", 2): return deadLetters.show(parts[1], view)
    case (.post, "deadletters", 3) where parts[2] == "replay": return try deadLetters.replay(parts[1], view)
    case (.delete, "deadletters", 2): return try deadLetters.discard(parts[1], view)
    case (.get, "jobs", 1): return view.page(jobs())
    case (.get, "rules", 1): return view.page(rules())
    case (_, "events", 1...2), (_, "jobs", 1), (_, "rules", 1): return view.notAllowed("GET")
    case (_, "deadletters", 1): return view.notAllowed("GET, DELETE")
    case (_, "deadletters", 2): return view.notAllowed("GET, DELETE")
    case (_, "deadletters", 3) where parts[2] == "replay": return view.notAllowed("POST")
    default: return view.problem(.notFound, "there is no \(request.path); GET / lists what there is")
    }
  }

  // MARK: Events

  private func events(_ view: AdminView) throws(QueryError) -> AdminView.Page {
    try view.check(["limit", "before", "outcome", "source", "image"])
    let limit = try view.number("limit", in: 1...1000) ?? 50
    let outcome = try view.text("outcome")
    let outcomes = Outcome.allCases.map(\.rawValue) + ["running"]
    if let outcome, !outcomes.contains(outcome) {
      throw QueryError("outcome: there is no \(outcome.quoted(limit: 80)); write one of \(outcomes.joined(separator: ", "))")
    }
    let source = try view.text("source")
    let image = try view.text("image")
    let entries = newest(limit, before: try view.number("before", in: .min ... .max)) { entry in
      (outcome.map { $0 == Self.outcome(entry) } ?? true) && (source.map { $0 == entry.source } ?? true)
        && (image.map { entry.image?.contains($0) ?? false } ?? true)
    }
    var table = TextTable("RECEIVED", "ID", "SOURCE", "OUTCOME", "IMAGE", "REASON")
    for entry in entries {
      table.add(entry.receivedAt.rfc3339, entry.id, entry.source, Self.outcome(entry), entry.image ?? "-", entry.reason)
    }
    let next = entries.count == limit ? entries.last.map { view.path(with: "before", "\($0.number)") } : nil
    let json: JSONValue = [
      "events": .array(entries.map(Self.json)), "next": next.map { .string($0) } ?? .null,
    ]
    return AdminView.Page(json: json, text: table.text + (next.map { "more: \($0)\n" } ?? ""))
  }

  /// Looks through the index page by page: while it is being read, pushes wait.
  private func newest(
    _ limit: Int, before: Int?, where isWanted: (EventIndex.Entry) -> Bool
  ) -> [EventIndex.Entry] {
    var found: [EventIndex.Entry] = []
    var cursor = before
    while found.count < limit {
      let page = ledger.read { [cursor] index in index.newest(500, before: cursor) }
      guard let last = page.last else { break }
      found += page.lazy.filter(isWanted).prefix(limit - found.count)
      cursor = last.number
    }
    return found
  }

  private static func outcome(_ entry: EventIndex.Entry) -> String {
    entry.isFinished ? entry.outcome?.rawValue ?? "unknown" : "running"
  }

  private static func json(_ entry: EventIndex.Entry) -> JSONValue {
    [
      "id": .string(entry.id), "source": .string(entry.source), "receivedAt": .string(entry.receivedAt.rfc3339),
      "image": entry.image.map { .string($0) } ?? .null, "outcome": .string(outcome(entry)), "reason": .string(entry.reason),
    ]
  }

  private func event(_ id: String, _ view: AdminView) -> HTTPResponse {
    guard let entry = ledger.read({ $0[id] }) else {
      return view.problem(.notFound, "event \(id): not known; it may be older than what memory keeps (`limits.history`)")
    }
    let story = EventStory(reading: entry, from: ledger)
    return view.page(AdminView.Page(json: story.json, text: story.text))
  }

  // MARK: State

  private func jobs() -> AdminView.Page {
    let (jobs, failures) = ledger.read { (Array($0.jobs.values), $0.failures) }
    var table = TextTable("STARTED", "ID", "TARGET", "IMAGE", "ATTEMPT", "LAST ERROR")
    var rows: [JSONValue] = []
    for job in jobs.sorted(by: { $0.startedAt < $1.startedAt }) {
      let failure = failures[job.id]
      table.add(
        job.startedAt.rfc3339, job.id, job.target, job.image, failure.map { "\($0.attempt)" } ?? "-", failure?.error ?? "-")
      var members = job.members
      if let failure { members.append(("lastFailure", failure.json)) }
      rows.append(.object(JSONObject(distinct: members)))
    }
    return AdminView.Page(json: ["jobs": .array(rows)], text: jobs.isEmpty ? "no jobs\n" : table.text)
  }

  private func rules() -> AdminView.Page {
    let generation = generations.current
    let problems = generations.problems
    let sensors = generation.rules.sensors.map(\.name)
    let json: JSONValue = [
      "generation": .string(generation.name), "sensors": .array(sensors.map { .string($0) }),
      "problems": .array(problems.map { .string("\($0)") }),
    ]
    let lines = ["generation \(generation.name)", "sensors    \(sensors.joined(separator: ", "))"] + problems.map { "\($0)" }
    return AdminView.Page(json: json, text: lines.joined(separator: "\n") + "\n")
  }
}
