package import Clocks
package import JSON

/// How far a Deployment's rollout has come, by the rules of `kubectl rollout status`.
package struct RolloutStatus: Sendable {
  package enum State: Hashable, Sendable {
    /// It goes on; the text says what is missing, in kubectl's words.
    case waiting(String)
    case complete(String)
    /// The Deployment controller has given up waiting for progress.
    case failed(String)
  }

  /// What changes while a rollout comes forward.
  package struct Progress: Hashable, Sendable {
    let observedGeneration: Int64
    let replicas: Int64
    let updatedReplicas: Int64
    let availableReplicas: Int64
  }

  package let generation: Int64
  package let progress: Progress
  package let isPaused: Bool
  /// How long the controller waits for progress, between a second and an hour: whoever waits by it must come to an end.
  package let progressDeadline: Duration
  /// When the pod template was last restarted; nil where it never was, or where what it says is no time.
  package let restartedAt: Timestamp?
  /// Another template is another rollout.
  package let template: JSONValue
  private let name: String
  /// nil: the API server always fills it in, and so one that is missing asks for nothing.
  private let wantedReplicas: Int64?
  private let isDeadlineExceeded: Bool

  /// - Returns: nil where `object` is no Deployment of an API server. Numbers that its status lacks are 0.
  package init?(_ object: JSONValue) {
    guard let name = object["metadata"]?["name"]?.string, let generation = object["metadata"]?["generation"]?.number?.int64,
      let template = object["spec"]?["template"]
    else { return nil }
    func number(_ member: String) -> Int64 { object["status"]?[member]?.number?.int64 ?? 0 }
    self.name = name
    self.generation = generation
    self.template = template
    progress = Progress(
      observedGeneration: number("observedGeneration"), replicas: number("replicas"), updatedReplicas: number("updatedReplicas"),
      availableReplicas: number("availableReplicas"))
    isPaused = object["spec"]?["paused"]?.bool ?? false
    progressDeadline = .seconds(min(max(object["spec"]?["progressDeadlineSeconds"]?.number?.int64 ?? 600, 1), 3600))
    restartedAt = (template["metadata"]?["annotations"]?[RolloutRestart.restartedAtAnnotation]?.string).flatMap {
      Timestamp(rfc3339: $0)
    }
    wantedReplicas = object["spec"]?["replicas"]?.number?.int64
    // Only the reason counts, as with kubectl, not whether the condition holds.
    isDeadlineExceeded = (object["status"]?["conditions"]?.array ?? []).contains {
      $0["type"]?.string == "Progressing" && $0["reason"]?.string == "ProgressDeadlineExceeded"
    }
  }

  /// - Parameter wanted: the generation that began the rollout, where it is known. What the status says of earlier ones does not count:
  ///   it may say that the rollout before has failed.
  package func state(since wanted: Int64?) -> State {
    guard progress.observedGeneration >= max(generation, wanted ?? 0) else {
      return .waiting("Waiting for deployment spec update to be observed...")
    }
    if isDeadlineExceeded { return .failed("deployment \"\(name)\" exceeded its progress deadline") }
    func waiting(_ what: String) -> State { .waiting("Waiting for deployment \"\(name)\" rollout to finish: \(what)...") }
    if let wantedReplicas, progress.updatedReplicas < wantedReplicas {
      return waiting("\(progress.updatedReplicas) out of \(wantedReplicas) new replicas have been updated")
    }
    if progress.replicas > progress.updatedReplicas {
      // Numbers from outside: subtracting must not trap.
      let (old, overflow) = progress.replicas.subtractingReportingOverflow(progress.updatedReplicas)
      return waiting("\(overflow ? progress.replicas : old) old replicas are pending termination")
    }
    if progress.availableReplicas < progress.updatedReplicas {
      return waiting("\(progress.availableReplicas) of \(progress.updatedReplicas) updated replicas are available")
    }
    return .complete("deployment \"\(name)\" successfully rolled out")
  }
}
