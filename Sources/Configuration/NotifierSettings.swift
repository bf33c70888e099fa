package import Kubernetes

/// Where something is sent. The address alone may open the door, as that of a Slack webhook does, so that it is never shown.
package enum DeliveryAddress: Sendable {
  case url(Secret)
  /// A file with the URL, read for each message.
  case file(String)
}

/// One who is told of what happens.
package struct NotifierSettings: Sendable {
  package enum Format: String, CaseIterable, Sendable {
    /// A text, as Slack's webhooks take it.
    case slack
    case json
  }

  /// What there is to tell. The words are those of `Notice.Kind`.
  package enum Kind: String, CaseIterable, Sendable {
    case dead
    case recovered
    case rolloutFailed = "rollout-failed"
  }

  /// A label of metrics: letters, digits, `-`, `.` and `_`.
  package let name: String
  package let address: DeliveryAddress
  package var format = Format.slack
  package var kinds: Set<Kind> = [.dead, .recovered]
  /// A file with a header field a line, read for each message.
  package var headersFile: String?
  /// How old a notice may become before a failure gives it up.
  package var deadline = Duration.seconds(3600)
}

/// Where every dead letter is sent to as Pub/Sub would push it.
package struct ForwardSettings: Sendable {
  /// Stands for it where notifiers have their names.
  package static let name = "forward"

  package let address: DeliveryAddress
  /// A file with a bearer token, read for each message.
  package var tokenFile: String?
  package var deadline = Duration.seconds(86_400)
}
