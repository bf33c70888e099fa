import Clocks
import JSON
import Kubernetes

/// The rollout that a restart has begun, for whoever watches it to its end.
struct Rollout: Hashable, Sendable {
  /// How it ended, or why nobody looks any more.
  enum Result: String, CaseIterable, Sendable {
    /// The new pods are there.
    case complete
    /// They do not become ready.
    case failed
    /// The pod template was changed again before that.
    case superseded
    /// The Deployment is gone, cannot be read, or too many rollouts were watched.
    case unknown
  }

  /// The Deployment's generation with the patch; nil where an earlier attempt had sent it.
  let generation: Int64?
  /// The value that the restart wrote.
  let restartedAt: Timestamp

  init(generation: Int64?, restartedAt: Timestamp) {
    self.generation = generation
    self.restartedAt = restartedAt
  }

  /// - Returns: nil for an outcome that began none.
  init?(_ outcome: RestartOutcome) {
    switch outcome {
    case .restarted(let value, let generation, _): self.init(generation: generation, restartedAt: value)
    case .alreadyDone(let value): self.init(generation: nil, restartedAt: value)
    case .superseded, .coalesced, .skipped, .wouldRestart: return nil
    }
  }

  var json: JSONValue {
    var members: [JSONObject.Member] = [("restartedAt", .string(restartedAt.rfc3339WholeSeconds))]
    if let generation { members.append(("generation", .number(JSONNumber(generation)))) }
    return .object(JSONObject(distinct: members))
  }

  /// - Returns: nil for anything that `json` does not write.
  init?(json: JSONValue) {
    guard let restartedAt = json["restartedAt"]?.timestamp else { return nil }
    self.init(generation: json["generation"]?.number?.int64, restartedAt: restartedAt)
  }
}

/// A rollout that is to be watched, and what there is to say of it then.
struct WatchedRollout: Sendable {
  let job: Job
  let source: String
  let rollout: Rollout
}
