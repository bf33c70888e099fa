import Clocks
import Configuration
import Dispatch
import DurableLog
import Events
import HTTP
import HTTPServer
import JSON
import Logging
import OpenSSL
import Sensors
import Locks
import Telemetry

/// The admin listener: what happened and why, and what to do about what failed.
///
/// Answers are JSON, or a table for people: `Accept: text/plain`, or curl without an Accept of its own.
final class AdminService: HTTPService {
  private static let help = """
    GET    /events[?limit=50&before=N&outcome=dead&source=gar&image=TEXT]   events, newest first
    GET    /events/{id}                what happened to one event, and why
    GET    /deadletters[?reason=forbidden&image=TEXT]   work that was given up
    GET    /deadletters/{id}
    POST   /deadletters/{id}/replay    do it again, with the rules and the mapping of now
    DELETE /deadletters/{id}           let it be
    GET    /jobs                       restarts that are not finished
    GET    /rules                      the rules in force, and what the linter says

    JSON with "Accept: application/json", a table with "Accept: text/plain".

    """

  private let ledger: Ledger
  private let engine: Engine
  private let generations: GenerationStore
  private let gate: AdminGate
  private let clock: any WallClock
  private let metrics: DeployerMetrics
  private let logger: Logger
  /// Reading the log blocks, and a loop must not.
  private let queue = DispatchQueue(label: "relaunch.admin")

  init(
    ledger: Ledger, engine: Engine, generations: GenerationStore, gate: AdminGate, clock: any WallClock, metrics: DeployerMetrics,
    logger: Logger
  ) {
    self.ledger = ledger
    self.engine = engine
    self.generations = generations
    self.gate = gate
    self.clock = clock
    self.metrics = metrics
    self.logger = logger
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
    let parts = request.path.split(separator: "/").map(String.init)
    let view = AdminView(request)
    switch (request.method, parts.first, parts.count) {
    case (.get, nil, _): return HTTPResponse(.ok, text: Self.help)
    case (.get, "events", 1): return view.page(events(view))
    case (.get, "events", 2): return event(parts[1], view)
    case (.get, "deadletters", 1): return view.page(deadLetters(view))
    case (.get, "deadletters", 2): return deadLetter(parts[1], view)
    case (.post, "deadletters", 3) where parts[2] == "replay": return replay(parts[1], view)
    case (.delete, "deadletters", 2): return discard(parts[1], view)
    case (.get, "jobs", 1): return view.page(jobs())
    case (.get, "rules", 1): return view.page(rules())
    case (_, "events", 1...2), (_, "deadletters", 1), (_, "jobs", 1), (_, "rules", 1): return view.notAllowed("GET")
    case (_, "deadletters", 2): return view.notAllowed("GET, DELETE")
    case (_, "deadletters", 3) where parts[2] == "replay": return view.notAllowed("POST")
    default: return view.problem(.notFound, "there is no \(request.path); GET / lists what there is")
    }
  }

  // MARK: Events

  private func events(_ view: AdminView) -> AdminView.Page {
    let limit = min(max(view.int("limit") ?? 50, 1), 1000)
    let outcome = view["outcome"]
    let source = view["source"]
    let image = view["image"]
    let entries = newest(limit, before: view.int("before")) { entry in
      (outcome.map { $0 == Self.outcome(entry) } ?? true) && (source.map { $0 == entry.source } ?? true)
        && (image.map { entry.image?.contains($0) ?? false } ?? true)
    }
    var table = TextTable("RECEIVED", "ID", "SOURCE", "OUTCOME", "IMAGE", "REASON")
    for entry in entries {
      table.add(entry.receivedAt.rfc3339, entry.id, entry.source, Self.outcome(entry), entry.image ?? "-", entry.reason)
    }
    let next = entries.count == limit ? entries.last.map { "/events?\(view.query(before: $0.number))" } : nil
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
    let story = story(entry)
    return view.page(AdminView.Page(json: story.json, text: story.text))
  }

  /// What can be read of an event's story; what cannot is said in it.
  private func story(_ entry: EventIndex.Entry) -> EventStory {
    var unread: [String] = []
    func read<Value>(_ body: () throws -> Value?) -> Value? {
      do { return try body() } catch {
        unread.append("\(error)")
        return nil
      }
    }
    let event = read { try ledger.event(entry) }
    let trail = entry.trail.flatMap { position in read { try ledger.stateRecords(at: position) } ?? [] }
    return EventStory(entry: entry, event: event, trail: trail, unread: unread)
  }

  // MARK: Dead letters

  private func deadLetters(_ view: AdminView) -> AdminView.Page {
    let reason = view["reason"]
    let image = view["image"]
    let letters = ledger.read { $0.deadLetters }.filter { open in
      (reason.map { $0 == open.letter.reason } ?? true) && (image.map { open.image?.contains($0) ?? false } ?? true)
    }
    var table = TextTable("LAST", "ID", "REASON", "ATTEMPTS", "IMAGE", "DETAIL")
    for open in letters.reversed() {
      let letter = open.letter
      table.add(letter.lastAt.rfc3339, letter.id, letter.reason, "\(letter.attempts)", open.image ?? "-", letter.detail)
    }
    let text = letters.isEmpty ? "no dead letters\n" : table.text
    return AdminView.Page(json: ["deadLetters": .array(letters.reversed().map { $0.letter.json })], text: text)
  }

  private func find(_ id: String) -> EventIndex.OpenDeadLetter? { ledger.read { $0.deadLetters.first { $0.letter.id == id } } }

  private func deadLetter(_ id: String, _ view: AdminView) -> HTTPResponse {
    guard let letter = find(id)?.letter, let entry = ledger.read({ $0[letter.eventID] }) else { return unknown(id, view) }
    let story = story(entry)
    var json = letter.json.object ?? [:]
    json["story"] = story.json
    let text = """
      dead letter \(letter.id)
      reason      \(letter.reason): \(TextTable.plain(letter.detail))
      attempts    \(letter.attempts), first \(letter.firstAt.rfc3339), last \(letter.lastAt.rfc3339)
      next        relaunch deadletters replay \(letter.id)   or   relaunch deadletters discard \(letter.id)

      \(story.text)
      """
    return view.page(AdminView.Page(json: .object(json), text: text))
  }

  /// A job is done again as it was; an event that led to no job is decided anew. Either way the message's own time counts: if the
  /// workload was restarted since, the replay ends as superseded.
  private func replay(_ id: String, _ view: AdminView) -> HTTPResponse {
    guard let letter = find(id)?.letter, let entry = ledger.read({ $0[letter.eventID] }) else { return unknown(id, view) }
    guard letter.job != nil || generations.isLoaded else {
      return view.problem(.serviceUnavailable, "dead letter \(id): not replayed: the rules could not be read yet")
    }
    let round = entry.recordCount
    var job = letter.job
    if let old = letter.job {
      job = Job(
        id: "\(letter.eventID).job\(round).1", eventID: old.eventID, firing: old.firing, publishTime: old.publishTime,
        image: old.image, startedAt: clock.now(), planned: old.planned)
    }
    do {
      let event = try ledger.event(entry)
      try commit(.replayed(deadLetter: id, eventID: letter.eventID, job: job, by: "admin", at: clock.now()))
      metrics.replays.add()
      logger.info("dead letter replayed", metadata: ["dead_letter": "\(id)", "event_id": "\(letter.eventID)"])
      if let job { engine.submit(job) } else { engine.decideAgain(event, round: round) }
    } catch {
      return view.problem(.serviceUnavailable, "dead letter \(id): not replayed: \(error)")
    }
    return view.page(
      AdminView.Page(
        json: ["replayed": .string(id), "event": .string(letter.eventID)], text: "replayed \(id); see /events/\(letter.eventID)\n"
      ),
      status: .accepted)
  }

  private func discard(_ id: String, _ view: AdminView) -> HTTPResponse {
    guard let open = find(id) else { return unknown(id, view) }
    do {
      try commit(.discarded(deadLetter: id, eventID: open.letter.eventID, by: "admin", at: clock.now()))
    } catch {
      return view.problem(.serviceUnavailable, "dead letter \(id): not discarded: \(error)")
    }
    logger.info("dead letter discarded", metadata: ["dead_letter": "\(id)", "event_id": "\(open.letter.eventID)"])
    return view.page(AdminView.Page(json: ["discarded": .string(id)], text: "discarded \(id)\n"))
  }

  /// Appends and waits, but not for room on the disk: people can ask again. On the admin queue, which may block; two replays of one letter are one after the other here, and the
  /// second finds it gone.
  private func commit(_ record: StateRecord) throws {
    let done = DispatchSemaphore(value: 0)
    let failure = Mutex<LogError?>(nil)
    ledger.offer(record) { result in
      if case .failure(let error) = result { failure.withLock { $0 = error } }
      done.signal()
    }
    done.wait()
    if let error = failure.withLock({ $0 }) { throw error }
  }

  private func unknown(_ id: String, _ view: AdminView) -> HTTPResponse {
    view.problem(.notFound, "dead letter \(id): there is none; it may have been replayed or discarded")
  }

  // MARK: State

  private func jobs() -> AdminView.Page {
    let jobs = ledger.read { Array($0.jobs.values) }.sorted { $0.startedAt < $1.startedAt }
    var table = TextTable("STARTED", "ID", "TARGET", "IMAGE")
    for job in jobs { table.add(job.startedAt.rfc3339, job.id, job.target, job.image) }
    return AdminView.Page(json: ["jobs": .array(jobs.map(\.json))], text: jobs.isEmpty ? "no jobs\n" : table.text)
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
