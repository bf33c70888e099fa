import Clocks
import Configuration
import Events
import JSON
import Sensors
import Targets

/// Decides what an event leads to: pure, from the event and one generation of the rules and the mapping.
struct Judge: Sendable {
  /// The attribute that marks a message whose push could not be read; its value says why. The message's data is the push's body.
  static let unreadableAttribute = "relaunch-unreadable"

  let generation: Generation

  /// - Parameter round: 0 for the first decision on an event, then one more for each replay; it keeps the ids of jobs and dead
  ///   letters of different rounds apart.
  func rule(on event: Event, round: Int, at now: Timestamp) -> StateRecord.Decision {
    let decision = decide(event, round, now)
    guard let excess = decision.excess else { return decision }
    return StateRecord.Decision(
      givingUp: event.id, receivedAt: event.receivedAt, round: round, generation: decision.generation, image: decision.image,
      reason: "too_large", detail: excess, at: now)
  }

  private func decide(_ event: Event, _ round: Int, _ now: Timestamp) -> StateRecord.Decision {
    if let reason = event.message.attributes.first(where: { $0.name == Self.unreadableAttribute })?.value {
      return poison(event, round, now, reason)
    }
    guard !event.message.data.isEmpty else { return end(event, now, image: nil, .ignored, "\(IgnoreReason.noData)") }
    let notification: RegistryNotification
    do throws(EnvelopeError) {
      notification = try RegistryNotification(data: event.message.data)
    } catch {
      return poison(event, round, now, "\(error)")
    }
    let image: ImageReference?
    switch notification.disposition {
    case .act(let reference): image = reference
    // Not a registry's notification, so the rules alone can say whether it matters.
    case .ignore(.noAction), .ignore(.noImage): image = nil
    case .ignore(let reason): return end(event, now, image: nil, .ignored, "\(reason)")
    }
    let lookup = image.map { generation.mapping.workloads(for: $0) }
    let workloads = lookup?.workloads.map { Sensors.Workload(kind: $0.kind, namespace: $0.namespace, name: $0.name) } ?? []
    return rule(event, image, generation.rules.evaluate(event, notification, workloads: workloads), round, now)
  }

  private func rule(_ event: Event, _ image: ImageReference?, _ verdicts: [Verdict], _ round: Int, _ now: Timestamp)
    -> StateRecord.Decision
  {
    let imageText = image?.description ?? ""
    var jobs: [Job] = []
    var failures: [String] = []
    for verdict in verdicts {
      switch verdict.outcome {
      case .rejected: break
      case .fires(let firings):
        for firing in firings {
          jobs.append(
            Job(
              id: Self.id(event, "job", round, jobs.count), eventID: event.id, firing: firing,
              publishTime: event.message.publishTime, image: imageText, startedAt: now))
        }
      case .failed(let reason): failures.append("\(verdict.sensor)/\(verdict.trigger): \(reason)")
      }
    }
    // Behind the numbers of the jobs, each of which may leave a dead letter with its own.
    let letters = failures.enumerated().map { letter(event, round, jobs.count + $0.offset, "unresolved", $0.element, now) }
    guard jobs.isEmpty, letters.isEmpty else {
      return decision(event, now, image, verdicts, jobs, letters, nil, "")
    }
    let reason =
      verdicts.isEmpty
      ? "there are no rules" : verdicts.map { "\($0.sensor)/\($0.trigger): \(Self.rejection($0))" }.joined(separator: "; ")
    return decision(event, now, image, verdicts, [], [], .filtered, reason)
  }

  private func poison(_ event: Event, _ round: Int, _ now: Timestamp, _ reason: String) -> StateRecord.Decision {
    decision(event, now, nil, [], [], [letter(event, round, 0, "poison", reason, now)], nil, reason)
  }

  private func end(_ event: Event, _ now: Timestamp, image: ImageReference?, _ outcome: Outcome, _ reason: String)
    -> StateRecord.Decision
  {
    decision(event, now, image, [], [], [], outcome, reason)
  }

  private func decision(
    _ event: Event, _ now: Timestamp, _ image: ImageReference?, _ verdicts: [Verdict], _ jobs: [Job], _ letters: [DeadLetter],
    _ outcome: Outcome?, _ reason: String
  ) -> StateRecord.Decision {
    StateRecord.Decision(
      eventID: event.id, generation: generation.name, image: image?.description, verdicts: verdicts.map(\.json), jobs: jobs,
      deadLetters: letters, outcome: outcome, reason: reason, at: now)
  }

  private func letter(
    _ event: Event, _ round: Int, _ number: Int, _ reason: String, _ detail: String, _ now: Timestamp
  ) -> DeadLetter {
    DeadLetter(
      id: Self.id(event, "dead", round, number), eventID: event.id, job: nil, reason: reason, detail: detail, attempts: 1,
      firstAt: event.receivedAt, lastAt: now)
  }

  private static func id(_ event: Event, _ noun: String, _ round: Int, _ number: Int) -> String {
    "\(event.id).\(noun)\(round == 0 ? "" : "\(round).")\(number + 1)"
  }

  private static func rejection(_ verdict: Verdict) -> String {
    if case .rejected(let rejection) = verdict.outcome { "\(rejection)" } else { "" }
  }
}
