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
  let notification: RegistryNotification?

  /// Whether the definition says `jsonBody: true`.
  let jsonBody: Bool

  /// Argo's `data`; nil where the payload is not JSON.
  private(set) lazy var data: JSONValue? = makeData()

  init(_ message: PubSubMessage, _ notification: RegistryNotification?, context: EventContext, body: EventBody, jsonBody: Bool) {
    self.message = message
    self.notification = notification
    self.context = context
    self.body = body
    self.jsonBody = jsonBody
  }

  /// An event of another kind, whose `data` is given as it is.
  init(data: JSONValue?, context: EventContext) {
    self.init(PubSubMessage(), nil, context: context, body: .none, jsonBody: false)
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
    switch body {
    case .none where jsonBody:
      .refused(Rejection(clause: "body", problem: "the message has no content, only attributes"))
    case .opaque(let reason) where jsonBody:
      .poison("\(context.source).\(context.subject) says jsonBody: true, but the message's content is not JSON: \(reason)")
    case .json: refusal.map { .refused($0) } ?? .ready
    case .none, .opaque: .ready
    }
  }

  /// Why a registry's message is no reason to restart anything, whatever the rules say: it tells of a deletion or a signature.
  private var refusal: Rejection? {
    switch notification?.disposition {
    case .ignore(.deletion):
      return Rejection(clause: "action", actual: "DELETE", wanted: "a push: a restart needs an image to pull")
    case .ignore(.signature(let tag)):
      return Rejection(clause: "action", path: "tag", actual: tag, wanted: "an image, not the signature of one")
    case .ignore, .act, nil: return nil
    }
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
