import Clocks
import Logging
import Notifications

/// Values that the tests share.
enum Samples {
  static let now = Timestamp(seconds: 1_795_478_401)

  static func notice(
    _ subject: String, _ kind: Notice.Kind = .dead, target: String? = "Deployment/default/web", detail: String = "may not patch",
    at: Timestamp = now
  ) -> Notice {
    Notice(
      Notice.Key(kind, subject), eventID: subject, source: "gar", target: target,
      image: "us-docker.pkg.dev/acme/apps/web:latest@sha256:0123", reason: "forbidden", detail: detail, at: at)
  }

  static func subscriptions(_ receiver: String, _ kinds: [Notice.Kind], since: Timestamp = now) -> [Subscription] {
    kinds.map { Subscription(receiver: receiver, kind: $0, since: since) }
  }

  static func outbox(_ receivers: String..., limit: Int = 100) -> Outbox {
    var outbox = Outbox(noticesLimit: limit)
    outbox.use(receivers.flatMap { subscriptions($0, [.dead, .recovered]) })
    return outbox
  }
}
