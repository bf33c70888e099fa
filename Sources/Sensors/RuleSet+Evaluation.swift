package import Events

extension RuleSet {
  /// What each trigger of each Sensor says about `event`: one verdict for each, in the order of the documents.
  ///
  /// Pure: the same event, workloads and rules give the same verdicts.
  /// - Parameters:
  ///   - notification: what the event's message says of an image, where it is an object that a registry could have sent.
  ///   - workloads: those the mapping names for the event's image; may be empty.
  package func evaluate(_ event: Event, _ notification: RegistryNotification?, workloads: [Workload]) -> [Verdict] {
    var round = EvaluationRound(self, event, notification, workloads)
    var verdicts: [Verdict] = []
    for sensor in sensors {
      for trigger in sensor.triggers {
        let outcome = round.outcome(of: trigger, in: sensor)
        verdicts.append(Verdict(sensor: sensor.name, trigger: trigger.name, outcome: outcome, generation: generation))
      }
    }
    return verdicts
  }
}

/// One event on its way through all Sensors.
struct EvaluationRound {
  private var views: [EventView] = []
  private var unbound: String?
  private let workloads: [Workload]

  init(_ rules: RuleSet, _ event: Event, _ notification: RegistryNotification?, _ workloads: [Workload]) {
    self.workloads = workloads
    switch rules.binding(source: event.source, subscription: event.message.subscription) {
    case .bound(let definitions):
      let body = EventBody(event.message.data)
      views = definitions.map { definition in
        EventView(
          event.message, notification, context: EventContext(event, binding: definition.name), body: body,
          jsonBody: definition.jsonBody)
      }
    case .unbound(let reason): unbound = reason
    }
  }

  mutating func outcome(of trigger: Trigger, in sensor: Sensor) -> Verdict.Outcome {
    switch trigger.plan {
    case .failure(let inactive):
      return .rejected(Rejection(clause: "trigger", problem: "it is not active: \(inactive.reason)"))
    case .success(let plan):
      if let unbound { return .rejected(Rejection(clause: "binding", problem: unbound)) }
      return outcome(of: plan, trigger.name, sensor)
    }
  }

  private mutating func outcome(of plan: Trigger.Plan, _ trigger: String, _ sensor: Sensor) -> Verdict.Outcome {
    var firings: [Firing] = []
    var rejection: Rejection?
    var failure: String?
    for name in plan.condition.names {
      guard let dependency = sensor.dependencies[name] else { continue }
      guard let index = views.firstIndex(where: { $0.context.isOf(dependency.event) }) else {
        let came = views.map { "\($0.context.source).\($0.context.subject)" }.joined(separator: ", ")
        rejection = rejection ?? Rejection(clause: "binding", path: name, actual: came, wanted: dependency.event.description)
        continue
      }
      switch views[index].readiness {
      case .ready: break
      case .refused(let reason): return .rejected(reason)
      case .poison(let reason): return .failed(reason)
      }
      switch dependency.filters.verdict(on: &views[index]) {
      case .fail(let reason), .error(let reason): rejection = reason
      case .pass:
        do throws(RunArguments.Problem) {
          let found = try plan.workflow.firings(
            for: &views[index], arrived: name, workloads: workloads, sensor: sensor.name, trigger: trigger,
            rateLimit: plan.rateLimit)
          for firing in found where !firings.contains(where: { $0.action == firing.action }) { firings.append(firing) }
        } catch {
          failure = error.message
        }
      }
    }
    // As in Argo, a dependency that cannot fire the trigger does not keep another from doing so.
    guard firings.isEmpty else { return .fires(firings) }
    if let failure { return .failed(failure) }
    return .rejected(rejection ?? Rejection(clause: "trigger", problem: "it waits for no dependency"))
  }
}
