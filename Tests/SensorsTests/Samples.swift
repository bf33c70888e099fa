import Clocks
import Events
import Sensors

/// Events and files that tests share.
enum Samples {
  static let front = "us-docker.pkg.dev/acme-prod/apps/my-app-frontend"
  static let digest = "sha256:1b16b1df538ba12dc3f97edbb85caa7050d46c148134290feba80f8236c83db9"
  static let deployment = Workload(kind: "Deployment", namespace: "default", name: "frontend-deployment")

  /// A registry's INSERT of `tag`; of a digest alone where `tag` is nil.
  static func insert(_ tag: String?, image: String = front) -> String {
    let member = tag.map { ",\"tag\":\"\(image):\($0)\"" } ?? ""
    return "{\"action\":\"INSERT\",\"digest\":\"\(image)@\(digest)\"\(member)}"
  }

  static func file(_ text: String, name: String = "rules.yaml") -> RuleFile { RuleFile(name: name, bytes: Array(text.utf8)) }

  /// The rules of one file; diagnostics are the caller's to look at.
  static func load(_ text: String) -> (RuleSet, [Diagnostic]) { RuleSet.load(files: [file(text)]) }
}

extension Samples {
  /// The event of a push for `source` whose message has `body` as its content.
  static func event(
    _ body: String, source: String = "gar", attributes: [PubSubMessage.Attribute] = [], subscription: String? = nil
  ) -> Event {
    let message = PubSubMessage(
      messageID: "1", publishTime: Timestamp(seconds: 1_777_886_377), subscription: subscription, attributes: attributes,
      data: Array(body.utf8))
    return Event(id: "1", source: source, receivedAt: Timestamp(seconds: 1_777_886_378), message: message)
  }

  static func outcomes(_ rules: RuleSet, _ body: String, _ workloads: [Workload] = [], source: String = "gar") -> [Verdict
    .Outcome]
  {
    rules.evaluate(event(body, source: source), workloads: workloads).map(\.outcome)
  }

  /// The actions of every trigger that fires.
  static func actions(_ rules: RuleSet, _ body: String, _ workloads: [Workload] = []) -> [Firing.Action] {
    outcomes(rules, body, workloads).flatMap { outcome -> [Firing.Action] in
      if case .fires(let firings) = outcome { firings.map(\.action) } else { [] }
    }
  }
}

extension RuleSet {
  /// As the server asks: with the notification that the event's message is.
  func evaluate(_ event: Event, workloads: [Workload]) -> [Verdict] {
    evaluate(event, try? RegistryNotification(data: event.message.data), workloads: workloads)
  }
}
