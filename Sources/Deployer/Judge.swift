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

  /// - Parameters:
  ///   - round: 0 for the first decision on an event, then another for each replay; it keeps the ids of jobs and dead letters of
  ///     different rounds apart.
  ///   - replay: the dead letter that the decision is made for. Only what its scope names is decided, and a trigger that cannot be asked
  ///     any more leaves another dead letter: what a person wanted done must not go because a rule is broken just now.
  func rule(on event: Event, round: Int, at now: Timestamp, for replay: Replay? = nil) -> StateRecord.Decision {
    let decision = Ruling(generation: generation, event: event, round: round, now: now, replay: replay).decision
    guard let excess = decision.excess else { return decision }
    return StateRecord.Decision(
      givingUp: event.id, receivedAt: event.receivedAt, round: round, generation: decision.generation, image: decision.image,
      reason: "too_large", detail: excess, at: now, replay: replay)
  }
}

/// One decision on its way.
private struct Ruling {
  let generation: Generation
  let event: Event
  let round: Int
  let now: Timestamp
  let replay: Replay?

  var decision: StateRecord.Decision {
    if let reason = event.message.attributes.first(where: { $0.name == Judge.unreadableAttribute })?.value {
      return poison(reason)
    }
    guard !event.message.data.isEmpty else { return end(.ignored, "\(IgnoreReason.noData)") }
    let notification: RegistryNotification
    do throws(EnvelopeError) {
      notification = try RegistryNotification(data: event.message.data)
    } catch {
      return poison("\(error)")
    }
    let image: ImageReference?
    switch notification.disposition {
    case .act(let reference): image = reference
    // Not a registry's notification, so the rules alone can say whether it matters.
    case .ignore(.noAction), .ignore(.noImage): image = nil
    case .ignore(let reason): return end(.ignored, "\(reason)")
    }
    let lookup = image.map { generation.mapping.workloads(for: $0) }
    let workloads = lookup?.workloads.map { Sensors.Workload(kind: $0.kind, namespace: $0.namespace, name: $0.name) } ?? []
    return decision(on: image, generation.rules.evaluate(event, notification, workloads: workloads))
  }

  private func decision(on image: ImageReference?, _ all: [Verdict]) -> StateRecord.Decision {
    let scope = replay?.scope
    let verdicts = scope.map { scope in all.filter { TriggerName($0) == scope.trigger } } ?? all
    var jobs: [Job] = []
    var failures: [(trigger: TriggerName, reason: String)] = []
    for verdict in verdicts {
      switch verdict.outcome {
      case .rejected: break
      case .fires(let firings):
        for firing in scope?.narrowed(firings) ?? firings { jobs.append(job(firing, jobs.count, image)) }
      case .failed(let reason): failures.append((TriggerName(verdict), reason))
      }
    }
    // Behind the numbers of the jobs, each of which may leave a dead letter with its own.
    var letters = failures.enumerated().map { number, failure in
      letter(jobs.count + number, "unresolved", "\(failure.trigger): \(failure.reason)", failure.trigger)
    }
    if let scope, jobs.isEmpty, letters.isEmpty, let problem = Self.inactivity(verdicts) {
      letters = [letter(0, "inactive", "\(scope.trigger): \(problem); mend the rules and replay, or discard", scope.trigger)]
    }
    guard jobs.isEmpty, letters.isEmpty else { return decision(image, verdicts, jobs, letters, nil, "") }
    let reason =
      verdicts.isEmpty
      ? "there are no rules" : verdicts.map { "\(TriggerName($0)): \(Self.rejection($0))" }.joined(separator: "; ")
    return decision(image, verdicts, [], [], .filtered, reason)
  }

  /// Why none of the verdicts is the word of a filter: the trigger is gone, is not active, or waits for no event of this source any
  /// more. nil where a filter refuses the event.
  private static func inactivity(_ verdicts: [Verdict]) -> String? {
    let reasons = verdicts.compactMap { verdict -> String? in
      guard case .rejected(let rejection) = verdict.outcome, ["trigger", "binding"].contains(rejection.clause) else { return nil }
      return "\(rejection)"
    }
    guard reasons.count == verdicts.count else { return nil }
    return reasons.first ?? "there is no such trigger in the rules any more"
  }

  private func job(_ firing: Firing, _ number: Int, _ image: ImageReference?) -> Job {
    Job(
      id: id("job", number), eventID: event.id, firing: firing, publishTime: event.message.publishTime,
      image: image?.description ?? "", startedAt: now, planned: replay?.scope?.planned(for: firing), replayOf: replay?.deadLetter)
  }

  private func poison(_ reason: String) -> StateRecord.Decision {
    decision(nil, [], [], [letter(0, "poison", reason, nil)], nil, reason)
  }

  private func end(_ outcome: Outcome, _ reason: String) -> StateRecord.Decision { decision(nil, [], [], [], outcome, reason) }

  private func decision(
    _ image: ImageReference?, _ verdicts: [Verdict], _ jobs: [Job], _ letters: [DeadLetter], _ outcome: Outcome?, _ reason: String
  ) -> StateRecord.Decision {
    StateRecord.Decision(
      eventID: event.id, generation: generation.name, image: image?.description, verdicts: verdicts.map(\.json), jobs: jobs,
      deadLetters: letters, outcome: outcome, reason: reason, at: now, replayOf: replay?.deadLetter)
  }

  private func letter(_ number: Int, _ reason: String, _ detail: String, _ trigger: TriggerName?) -> DeadLetter {
    DeadLetter(
      id: id("dead", number), eventID: event.id, job: nil, reason: reason, detail: detail, attempts: 1, firstAt: event.receivedAt,
      lastAt: now, trigger: trigger, replayOf: replay?.deadLetter)
  }

  private func id(_ noun: String, _ number: Int) -> String {
    "\(event.id).\(noun)\(round == 0 ? "" : "\(round).")\(number + 1)"
  }

  private static func rejection(_ verdict: Verdict) -> String {
    if case .rejected(let rejection) = verdict.outcome { "\(rejection)" } else { "" }
  }
}
