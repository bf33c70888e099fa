import Clocks
import Configuration
import Dispatch
import DurableLog
import HTTP
import JSON
import Locks
import Logging
import Telemetry

/// The admin listener's part for dead letters: list, show, replay, discard.
///
/// Its methods run on the admin queue alone, one request after the other: of two replays of one letter the second finds it gone.
struct AdminDeadLetters: Sendable {
  /// Letters that one request lists, replays or discards, where it does not say how many; and the most it may say.
  private static let limit = 100
  private static let limitMaximum = 1000

  let ledger: Ledger
  let engine: Engine
  let generations: GenerationStore
  let clock: any WallClock
  let metrics: DeployerMetrics
  let logger: Logger

  // MARK: Reading

  func list(_ view: AdminView) throws(QueryError) -> HTTPResponse {
    let filter = try DeadLetterFilter(view, and: [], now: clock.now())
    let limit = try view.number("limit", in: 1...Self.limitMaximum) ?? Self.limit
    let found = Array(ledger.read { $0.deadLetters }.reversed().lazy.filter(filter.matches).prefix(limit + 1))
    let page = found.prefix(limit)
    let next = found.count > limit ? page.last.map { view.path(with: "before", "\($0.number)") } : nil
    var table = TextTable("LAST", "ID", "REASON", "ATTEMPTS", "TARGET", "IMAGE", "DETAIL")
    for open in page {
      let letter = open.letter
      table.add(
        letter.lastAt.rfc3339, letter.id, letter.reason, "\(letter.attempts)", letter.job?.target ?? "-", open.image ?? "-",
        letter.detail)
    }
    return view.page(
      AdminView.Page(
        json: ["deadLetters": .array(page.map(\.json)), "next": next.map { .string($0) } ?? .null],
        text: page.isEmpty ? noMatch : table.text + (next.map { "more: \($0)\n" } ?? "")),
      next: next)
  }

  func show(_ id: String, _ view: AdminView) -> HTTPResponse {
    guard let open = find(id), let entry = ledger.read({ $0[open.letter.eventID] }) else { return unknown(id, view) }
    let letter = open.letter
    let story = EventStory(reading: entry, from: ledger)
    var json = open.json.object ?? [:]
    json["story"] = story.json
    let text = """
      dead letter \(letter.id)
      reason      \(letter.reason): \(TextTable.plain(letter.detail))
      attempts    \(letter.attempts), first \(letter.firstAt.rfc3339), last \(letter.lastAt.rfc3339)
      \(letter.replayOf.map { "replay of   \($0)\n" } ?? "")next        relaunch deadletters replay \(letter.id)   or   \
      relaunch deadletters discard \(letter.id)

      \(story.text)
      """
    return view.page(AdminView.Page(json: .object(json), text: text))
  }

  // MARK: Changing

  func replay(_ id: String, _ view: AdminView) throws(QueryError) -> HTTPResponse {
    try view.check([])
    guard let open = find(id) else { return unknown(id, view) }
    guard generations.isLoaded else {
      return view.problem(.serviceUnavailable, "dead letter \(id): not replayed: \(Self.noRules)")
    }
    if let problem = replay([open])[0] {
      return view.problem(.serviceUnavailable, "dead letter \(id): not replayed: \(problem)")
    }
    return view.page(
      AdminView.Page(
        json: ["replayed": .string(id), "event": .string(open.letter.eventID)],
        text: "replayed \(id); see /events/\(open.letter.eventID)\n"),
      status: .accepted)
  }

  func replayMany(_ view: AdminView) throws(QueryError) -> HTTPResponse {
    let chosen = try choose(view, and: [])
    guard generations.isLoaded else { return view.problem(.serviceUnavailable, "no dead letter was replayed: \(Self.noRules)") }
    return answer(view, chosen, replay(chosen.letters), "replayed", .accepted)
  }

  func discard(_ id: String, _ view: AdminView) throws(QueryError) -> HTTPResponse {
    // For one letter there is nothing to filter, so that `reason` can only be the reason why.
    try view.check(["because", "reason"])
    let (because, reason) = (try view.text("because"), try view.text("reason"))
    guard let open = find(id) else { return unknown(id, view) }
    if let problem = discard([open], because ?? reason)[0] {
      return view.problem(.serviceUnavailable, "dead letter \(id): not discarded: \(problem)")
    }
    return view.page(AdminView.Page(json: ["discarded": .string(id)], text: "discarded \(id)\n"))
  }

  func discardMany(_ view: AdminView) throws(QueryError) -> HTTPResponse {
    let chosen = try choose(view, and: ["because"])
    let reason = try view.text("because")
    return answer(view, chosen, discard(chosen.letters, reason), "discarded", .ok)
  }

  private static let noRules = "the rules could not be read yet"

  /// The oldest letters that a request to change several is about, at most its limit.
  private struct Choice {
    let letters: [EventIndex.OpenDeadLetter]
    /// How many more there are.
    let rest: Int
    /// Above the number of every letter that there is.
    let end: Int
  }

  private func choose(_ view: AdminView, and others: [String]) throws(QueryError) -> Choice {
    let filter = try DeadLetterFilter(view, and: ["all"] + others, now: clock.now())
    guard DeadLetterFilter.names.contains(where: { view[$0] != nil }) || view["all"] == "true" else {
      throw QueryError("say which: \(DeadLetterFilter.names.joined(separator: ", ")); or all=true")
    }
    let limit = try view.number("limit", in: 1...Self.limitMaximum) ?? Self.limit
    let (letters, end) = ledger.read { ($0.deadLetters, $0.nextLetterNumber) }
    let wanted = letters.filter(filter.matches)
    return Choice(letters: Array(wanted.prefix(limit)), rest: max(0, wanted.count - limit), end: end)
  }

  /// - Returns: for each letter why it was not replayed; nil where it was.
  private func replay(_ letters: [EventIndex.OpenDeadLetter]) -> [String?] {
    let now = clock.now()
    let entries = letters.map { open in ledger.read { $0[open.letter.eventID] } }
    let problems = commit(
      letters.enumerated().map { number, open in
        Result {
          guard let entry = entries[number] else { throw QueryError("its event is not known any more") }
          // Read to be sure that it can be: the engine reads it when its turn comes.
          _ = try ledger.event(entry)
          let letter = open.letter
          return .replayed(
            deadLetter: letter.id, eventID: letter.eventID, job: nil, scope: letter.scope, by: "admin", at: now)
        }
      })
    for (open, problem) in zip(letters, problems) where problem == nil {
      let letter = open.letter
      metrics.replays.add()
      logger.info("dead letter replayed", metadata: ["dead_letter": "\(letter.id)", "event_id": "\(letter.eventID)"])
      // As the log has it now, with the replay.
      guard let entry = ledger.read({ $0[letter.eventID] }) else { continue }
      if let replay = entry.replays.first(where: { $0.deadLetter == letter.id }) { engine.decideAgain(entry, for: replay) }
    }
    return problems
  }

  private func discard(_ letters: [EventIndex.OpenDeadLetter], _ reason: String?) -> [String?] {
    let now = clock.now()
    let problems = commit(
      letters.map { open in
        .success(
          .discarded(deadLetter: open.letter.id, eventID: open.letter.eventID, reason: reason, by: "admin", at: now))
      })
    for (open, problem) in zip(letters, problems) where problem == nil {
      logger.info(
        "dead letter discarded",
        metadata: ["dead_letter": "\(open.letter.id)", "event_id": "\(open.letter.eventID)", "because": "\(reason ?? "-")"])
    }
    return problems
  }

  /// Appends records, which share a sync, and waits; but not for room on the disk: people can ask again.
  /// - Returns: for each what kept it out of the log.
  private func commit(_ records: [Result<StateRecord, any Error>]) -> [String?] {
    let problems = Mutex([String?](repeating: nil, count: records.count))
    let done = DispatchGroup()
    for (number, record) in records.enumerated() {
      switch record {
      case .failure(let error): problems.withLock { $0[number] = "\(error)" }
      case .success(let record):
        done.enter()
        ledger.offer(record, .gathered) { result in
          if case .failure(let error) = result { problems.withLock { $0[number] = "\(error)" } }
          done.leave()
        }
      }
    }
    ledger.commitReceived()
    done.wait()
    return problems.withLock { $0 }
  }

  // MARK: Answers

  private func answer(
    _ view: AdminView, _ chosen: Choice, _ problems: [String?], _ verb: String, _ status: HTTPStatus
  ) -> HTTPResponse {
    var done: [JSONValue] = []
    var failed: [JSONValue] = []
    var text = ""
    for (letter, problem) in zip(chosen.letters.map(\.letter), problems) {
      var json: JSONObject = ["deadLetter": .string(letter.id), "event": .string(letter.eventID)]
      if let problem { json["error"] = .string(problem) }
      if problem == nil { done.append(.object(json)) } else { failed.append(.object(json)) }
      text += "\(problem.map { "not \(verb) \(letter.id): \(TextTable.plain($0))" } ?? "\(verb) \(letter.id)")\n"
    }
    // Where nothing could be done, asking for the rest would only repeat that.
    let next = chosen.rest > 0 && !done.isEmpty ? view.path(with: "before", view["before"] ?? "\(chosen.end)") : nil
    let left = chosen.rest + failed.count
    text += chosen.letters.isEmpty ? noMatch : "\(done.count) \(verb), \(left) left\n"
    return view.page(
      AdminView.Page(
        json: [
          verb: .array(done), "count": .number(JSONNumber(Int64(done.count))), "failed": .array(failed),
          "left": .number(JSONNumber(Int64(left))), "next": next.map { .string($0) } ?? .null,
        ],
        text: text),
      status: done.isEmpty && !failed.isEmpty ? .serviceUnavailable : status, next: next)
  }

  /// What is said where a filter finds none: a reason that is misspelt must not look like one that nothing has.
  private var noMatch: String {
    let letters = ledger.read { $0.deadLetters }
    let reasons = Set(letters.map(\.letter.reason)).sorted().joined(separator: ", ")
    guard !letters.isEmpty else { return "no dead letters\n" }
    return "no such dead letters; the reasons of the \(letters.count) there are: \(reasons)\n"
  }

  private func find(_ id: String) -> EventIndex.OpenDeadLetter? { ledger.read { $0.deadLetters.first { $0.letter.id == id } } }

  private func unknown(_ id: String, _ view: AdminView) -> HTTPResponse {
    view.problem(.notFound, "dead letter \(id): there is none; it may have been replayed or discarded")
  }
}

extension EventIndex.OpenDeadLetter {
  /// The letter as people see it: with what it can be chosen by.
  fileprivate var json: JSONValue {
    var json = letter.json.object ?? [:]
    json["source"] = .string(source)
    json["image"] = image.map { .string($0) } ?? .null
    return .object(json)
  }
}
