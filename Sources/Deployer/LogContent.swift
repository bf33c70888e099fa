package import Clocks
package import DurableLog
import Events
import FoundationEssentials
package import JSON
import OpenSSL

/// What the payload of a record says, for people and scripts that look at a log without a server.
package struct LogContent: Sendable {
  /// The events that it speaks of; of known messages, all of them.
  package let eventIDs: [String]
  /// When it happened: an event's arrival, the time of a state; nil where the record has none.
  package let at: Timestamp?
  /// Enough to find the record again.
  package let brief: JSONValue
  /// All of it.
  package let full: JSONValue
  /// Why a server of this version cannot use the record; nil where it can.
  package let problem: String?

  /// - Parameter kind: nil for a type that this version does not know.
  package init(_ kind: RecordKind?, _ payload: [UInt8]) {
    switch kind {
    case .event: self.init(event: payload)
    case .snapshot: self.init(snapshot: payload)
    case .pad, .seal, .clean: self.init(.object([:]))
    case .job, .dead, .admin:
      self.init(json: payload, problem: StateRecord(payload: payload) == nil ? "no state that this version knows" : nil)
    case .config, .gap, nil: self.init(json: payload, problem: nil)
    }
  }

  private init(
    _ full: JSONValue, brief: JSONValue? = nil, eventIDs: [String] = [], at: Timestamp? = nil, problem: String? = nil
  ) {
    self.full = full
    self.brief = brief ?? full
    self.eventIDs = eventIDs
    self.at = at
    self.problem = problem
  }

  private init(event payload: [UInt8]) {
    do {
      let event = try Event.decoded(payload)
      self.init(event.logJSON, brief: event.briefJSON, eventIDs: [event.id], at: event.receivedAt)
    } catch {
      self.init(.raw(payload), brief: .object([:]), problem: "\(error)")
    }
  }

  private init(snapshot payload: [UInt8]) {
    switch LogSnapshot(payload, segment: 0) {
    case .event(let moved):
      let event = LogContent(.event, moved.event)
      let states = moved.states.map { state -> JSONValue in
        ["type": .string("\(state.kind)"), "payload": LogContent(state.kind, state.payload).full]
      }
      self.init(
        ["snapshot": "event", "event": event.full, "states": .array(states)],
        brief: ["snapshot": "event", "event": event.brief, "states": .number(JSONNumber(Int64(states.count)))],
        eventIDs: event.eventIDs, at: event.at, problem: event.problem)
    case .known(let messages):
      let all = messages.map { message -> JSONValue in
        [
          "key": .string(message.key.description), "id": .string(message.id), "receivedAt": .string(message.receivedAt.rfc3339),
        ]
      }
      self.init(
        ["snapshot": "known", "messages": .array(all)],
        brief: ["snapshot": "known", "messages": .number(JSONNumber(Int64(all.count)))], eventIDs: messages.map(\.id))
    case nil: self.init(.raw(payload), brief: .object([:]), problem: "no snapshot that this version knows")
    }
  }

  private init(json payload: [UInt8], problem: String?) {
    guard let json = try? JSONValue(parsing: payload), let members = json.object else {
      self.init(.raw(payload), brief: .object([:]), problem: problem)
      return
    }
    let names = ["state", "event", "job", "at", "outcome", "firstSequence", "lastSequence", "reason"]
    let brief = JSONObject(distinct: names.compactMap { name in Self.short(members[name]).map { (name: name, value: $0) } })
    self.init(
      json, brief: .object(brief), eventIDs: [members["event"]?.string].compactMap(\.self).filter { !$0.isEmpty },
      at: members["at"]?.timestamp,
      problem: problem)
  }

  private static func short(_ value: JSONValue?) -> JSONValue? {
    switch value {
    case .string?, .number?: value
    default: nil
    }
  }
}

extension Event {
  fileprivate var briefJSON: JSONValue {
    ["id": .string(id), "source": .string(source), "receivedAt": .string(receivedAt.rfc3339)]
  }

  /// The event with its data as JSON where it is some, else as text, else in base64.
  fileprivate var logJSON: JSONValue {
    var members = briefJSON.object ?? [:]
    members["publishTime"] = message.publishTime.map { .string($0.rfc3339) }
    members["messageId"] = message.messageID.map { .string($0) }
    members["subscription"] = message.subscription.map { .string($0) }
    members["orderingKey"] = message.orderingKey.map { .string($0) }
    members["deliveryAttempt"] = message.deliveryAttempt.map { .number(JSONNumber(Int64($0))) }
    members["attributes"] = .object(JSONObject(message.attributes.map { (name: $0.name, value: .string($0.value)) }))
    if let body {
      members["data"] = body
    } else {
      for (name, value) in JSONValue.raw(message.data).object ?? [:] { members[name] = value }
    }
    return .object(members)
  }
}

extension JSONValue {
  /// Bytes that are no JSON.
  fileprivate static func raw(_ bytes: [UInt8]) -> JSONValue {
    if let text = String(validating: bytes, as: UTF8.self) { return ["text": .string(text)] }
    return ["base64": .string(Data(bytes).base64EncodedString())]
  }
}
