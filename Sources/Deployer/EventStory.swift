import Clocks
import Events
import JSON
import Notifications

/// All that is known about one event, in order, for `/events/{id}` and `relaunch explain`.
struct EventStory {
  let entry: EventIndex.Entry
  /// nil where the log cannot give it back.
  let event: Event?
  let trail: [StateRecord]
  /// Why records could not be read, one sentence for each.
  let unread: [String]

  /// Reads an event's story. What cannot be read is said in it. Blocks for the disk.
  init(reading entry: EventIndex.Entry, from ledger: Ledger) {
    var unread: [String] = []
    func read<Value>(_ body: () throws -> Value?) -> Value? {
      do { return try body() } catch {
        unread.append("\(error)")
        return nil
      }
    }
    self.entry = entry
    event = read { try ledger.event(entry) }
    trail = entry.trail.flatMap { position in read { try ledger.stateRecords(at: position) } ?? [] }
    self.unread = unread
  }

  init(entry: EventIndex.Entry, event: Event?, trail: [StateRecord], unread: [String]) {
    self.entry = entry
    self.event = event
    self.trail = trail
    self.unread = unread
  }

  var outcome: String { entry.isFinished ? entry.outcome?.rawValue ?? "unknown" : "running" }

  var json: JSONValue {
    let received: JSONValue = ["state": "received", "event": .string(entry.id), "at": .string(entry.receivedAt.rfc3339)]
    var json: JSONObject = [
      "id": .string(entry.id), "source": .string(entry.source), "image": entry.image.map { .string($0) } ?? .null,
      "outcome": .string(outcome), "reason": .string(entry.reason), "message": event.map(Self.json) ?? .null,
      "stages": .array([received] + trail.map(\.json)),
    ]
    if !unread.isEmpty { json["unread"] = .array(unread.map { .string($0) }) }
    return .object(json)
  }

  private static func json(_ event: Event) -> JSONValue {
    var message: JSONObject = [:]
    message["messageID"] = event.message.messageID.map { .string($0) }
    message["publishTime"] = event.message.publishTime.map { .string($0.rfc3339) }
    message["subscription"] = event.message.subscription.map { .string($0) }
    message["orderingKey"] = event.message.orderingKey.map { .string($0) }
    message["deliveryAttempt"] = event.message.deliveryAttempt.map { .number(JSONNumber(Int64($0))) }
    message["attributes"] = .object(JSONObject(attributes(event)))
    message["data"] =
      (try? JSONValue(parsing: event.message.data)) ?? .string(String(decoding: event.message.data, as: UTF8.self))
    return .object(message)
  }

  /// A publisher may give two attributes one name; the first is shown, as JSON allows one.
  private static func attributes(_ event: Event) -> [JSONObject.Member] {
    var seen: Set<String> = []
    return event.message.attributes.filter { seen.insert($0.name).inserted }.map { (name: $0.name, value: .string($0.value)) }
  }

  var text: String {
    var text = "event   \(entry.id)\nsource  \(entry.source)\nimage   \(entry.image ?? "-")\noutcome \(outcome)"
    text += entry.reason.isEmpty ? "\n" : ": \(TextTable.plain(entry.reason))\n"
    text += unread.map { "unread  \(TextTable.plain($0))\n" }.joined() + "\n"
    let start = event?.message.publishTime ?? entry.receivedAt
    var table = TextTable("AT", "AFTER", "STAGE", "WHAT")
    func add(_ at: Timestamp, _ stage: String, _ what: String) {
      table.add(at.rfc3339, Self.seconds(from: start, to: at), stage, what)
    }
    if let message = event?.message, let publishTime = message.publishTime {
      add(publishTime, "published", "message \(message.messageID ?? "-")")
    }
    add(entry.receivedAt, "received", "by source \(entry.source)")
    for record in trail {
      for (at, stage, what) in Self.lines(record) { add(at, stage, what) }
    }
    return text + table.text
  }

  /// The difference of the two as they are shown, in whole milliseconds: rounded by itself it would contradict them.
  private static func seconds(from start: Timestamp, to end: Timestamp) -> String {
    let milliseconds = Self.milliseconds(end) - Self.milliseconds(start)
    let fraction = String(abs(milliseconds) % 1000)
    return
      "\(milliseconds < 0 ? "-" : "+")\(abs(milliseconds) / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction) s"
  }

  /// Since 1970, rounded down, as `rfc3339` does.
  private static func milliseconds(_ instant: Timestamp) -> Int64 {
    let (quotient, remainder) = instant.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000)
    return remainder < 0 ? quotient - 1 : quotient
  }

  private static func lines(_ record: StateRecord) -> [(Timestamp, String, String)] {
    switch record {
    case .decision(let decision):
      let head = (
        decision.at, "decided",
        "\(decision.replayOf.map { "again for \($0): " } ?? "")\(decision.outcome?.rawValue ?? "\(decision.jobs.count) to run")\(decision.reason.isEmpty ? "" : ": ")\(decision.reason)"
      )
      let verdicts = decision.verdicts.map { (decision.at, "rule", verdict($0)) }
      return [head] + verdicts + decision.jobs.map { (decision.at, "job", "\($0.id): restart \($0.target)") }
        + decision.deadLetters.map(dead)
    case .planned(let job, _, let restartedAt, let at):
      return [(at, "planned", "\(job): restartedAt \(restartedAt.rfc3339WholeSeconds)")]
    case .attemptFailed(let job, _, let attempt, let error, let at):
      return [(at, "failed", "\(job): attempt \(attempt): \(error)")]
    case .crashed(let job, _, let at): return [(at, "crashed", "the process ended in \(job ?? "the decision")")]
    case .rollout(let job, _, let result, let detail, let at):
      return [(at, "rollout", "\(job): \(result.rawValue): \(detail)")]
    case .finished(let job, _, let outcome, let detail, _, _, let at):
      return [(at, "finished", "\(job): \(outcome.rawValue): \(detail)")]
    case .deadLetter(let letter): return [dead(letter)]
    case .replayed(let letter, _, _, _, let by, let at): return [(at, "replayed", "\(letter) by \(by)")]
    case .notified(let receiver, let key, _, let isDelivered, let detail, let at):
      return [(at, isDelivered ? "notified" : "not notified", "\(receiver) of \(key.kind.rawValue) \(key.subject): \(detail)")]
    case .receivers: return []
    case .discarded(let letter, _, let reason, let by, let at):
      return [(at, "discarded", "\(letter) by \(by)\(reason.map { ": \($0)" } ?? "")")]
    }
  }

  private static func dead(_ letter: DeadLetter) -> (Timestamp, String, String) {
    (letter.lastAt, "dead", "\(letter.id): \(letter.reason): \(letter.detail)")
  }

  private static func verdict(_ json: JSONValue) -> String {
    let name = "\(json["sensor"]?.string ?? "?")/\(json["trigger"]?.string ?? "?")"
    return "\(name) \(json["verdict"]?.string ?? "?")\(json["reason"]?["message"]?.string.map { ": \($0)" } ?? "")"
  }
}
