import Clocks
import Events
import JSON

/// An event as one event definition presents it to Sensors. What costs something is made when a clause first asks for it, and
/// once.
struct EventView {
  let message: PubSubMessage
  let context: EventContext
  let body: EventBody

  /// What the message says of an image, where it is an object that a registry could have sent.
  private(set) lazy var notification = try? RegistryNotification(data: message.data)

  /// Whether the definition says `jsonBody: true`.
  let jsonBody: Bool

  /// Argo's `data`; nil where the payload is not JSON.
  private(set) lazy var data: JSONValue? = makeData()

  init(_ message: PubSubMessage, context: EventContext, body: EventBody, jsonBody: Bool) {
    self.message = message
    self.context = context
    self.body = body
    self.jsonBody = jsonBody
  }

  /// An event of another kind, whose `data` is given as it is.
  init(data: JSONValue?, context: EventContext) {
    self.init(PubSubMessage(), context: context, body: .none, jsonBody: false)
    self.data = data
  }

  enum Readiness {
    case ready
    case refused(Rejection)
    /// No rule will ever be able to read the message.
    case poison(String)
  }

  /// Whether rules can be asked about the event at all.
  var readiness: Readiness {
    mutating get {
      switch body {
      case .none where jsonBody:
        return .refused(Rejection(clause: "body", problem: "the message has no content, only attributes"))
      case .opaque(let reason) where jsonBody:
        return .poison(
          "\(context.source).\(context.subject) says jsonBody: true, but the message's content is not JSON: \(reason)")
      case .json(let value): return refusal(value).map { .refused($0) } ?? .ready
      case .none, .opaque: return .ready
      }
    }
  }

  /// Why a registry's message is no reason to restart anything, whatever the rules say: it tells of a deletion or a signature.
  private mutating func refusal(_ body: JSONValue) -> Rejection? {
    // Taking a notification apart costs more than all filters together; few messages are worth a closer look.
    guard body["action"]?.string == "DELETE" || body["tag"]?.string.map(Self.mayNameSignature) == true else { return nil }
    switch notification?.disposition {
    case .ignore(.deletion):
      return Rejection(clause: "action", actual: "DELETE", wanted: "a push: a restart needs an image to pull")
    case .ignore(.signature(let tag)):
      return Rejection(clause: "action", path: "tag", actual: tag, wanted: "an image, not the signature of one")
    case .ignore, .act, nil: return nil
    }
  }

  /// Whether the tag after the last colon begins as those of signatures do.
  private static func mayNameSignature(_ tag: String) -> Bool {
    let bytes = tag.utf8
    return bytes[(bytes.lastIndex(of: UInt8(ascii: ":")).map { bytes.index(after: $0) } ?? bytes.startIndex)...].starts(
      with: "sha256-".utf8)
  }

  /// `{id, body, attributes, publishTime}`, as Argo's Pub/Sub source makes it.
  private func makeData() -> JSONValue? {
    var object: JSONObject = ["id": .string(message.messageID ?? "")]
    switch body {
    case .json(let value) where jsonBody: object["body"] = value
    case .opaque where jsonBody: return nil
    case .none where jsonBody: object["body"] = .null
    case .json, .opaque, .none: object["body"] = .string(Base64.text(of: message.data))
    }
    let attributes = message.attributes.map { (name: $0.name, value: JSONValue.string($0.value)) }
    object["attributes"] = attributes.isEmpty ? .null : .object(JSONObject(attributes))
    object["publishTime"] = .string(message.publishTime.map { GoText.time($0) } ?? "0001-01-01 00:00:00 +0000 UTC")
    return .object(object)
  }

  /// The event as Argo hands it over where no key is asked for: its context, and its data in base64.
  var wholeText: String {
    mutating get {
      let names = ["id", "source", "specversion", "type", "datacontenttype", "subject", "time"]
      let members = names.compactMap { name in context[name].map { (name: name, value: JSONValue.string($0)) } }
      let data = Base64.text(of: (data ?? .null).serialized())
      return JSONValue.object(["context": .object(JSONObject(members)), "data": .string(data)]).text()
    }
  }
}
