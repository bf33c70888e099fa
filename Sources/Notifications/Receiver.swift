package import HTTPClient

/// One who is told of what happens: a channel of people, a program, or a place where dead letters are kept.
package struct Receiver: Sendable {
  package enum Format: String, CaseIterable, Sendable {
    /// A text for Slack, and for what takes the same webhooks. A burst is one message.
    case slack
    /// All fields, up to a hundred notices in one message.
    case json
    /// The event itself, as Pub/Sub would push it; one message for each notice.
    case pubSub

    /// Notices that one message may be about.
    var noticesLimit: Int {
      switch self {
      case .slack: 1000
      case .json: 100
      case .pubSub: 1
      }
    }
  }

  /// From the configuration: it is a label of metrics, and stands in the log.
  package let name: String
  package let kinds: Set<Notice.Kind>
  package let format: Format
  let destination: Destination
  let sender: any HTTPSender
  /// How old a notice may become before a failure gives it up. It is tried at least once, whatever its age.
  let deadline: Duration

  package init(
    name: String, kinds: Set<Notice.Kind>, format: Format, destination: Destination, sender: any HTTPSender, deadline: Duration
  ) {
    self.name = name
    self.kinds = kinds
    self.format = format
    self.destination = destination
    self.sender = sender
    self.deadline = deadline
  }
}
