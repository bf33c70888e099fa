/// Why a Deployment was not restarted, or why nobody knows whether it was.
package enum RestartError: Error {
  case api(APIError)
  /// The Deployment is paused: a patch would take effect at some later time, unseen.
  case paused(APICall)
  /// The server took the patch and nothing changed: the restart is lost.
  case unchanged(APICall, value: String, generation: Int64)
  /// Somebody else was quicker in every round.
  case contended(APICall, rounds: Int)
  /// `willPatch` threw this, so nothing was sent.
  case notJournaled(any Error)

  package var disposition: Disposition {
    switch self {
    case .api(let error): error.disposition
    case .paused: .permanent(.paused)
    case .unchanged: .permanent(.unchanged)
    case .contended: .retry(.conflict, after: nil)
    case .notJournaled: .retry(.journal, after: nil)
    }
  }
}

extension RestartError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .api(let error): "\(error)"
    case .paused(let call):
      // The words of kubectl, which people look for.
      "\(call.resource.qualifiedName) \"\(call.name)\" can't restart paused deployment (run rollout resume first)"
    case .unchanged(let call, let value, let generation):
      "\(call): the API server accepted restartedAt \(value) but the Deployment stayed at generation \(generation), so nothing "
        + "restarts; look for an admission webhook or an operator that takes the annotation away"
    case .contended(let call, let rounds):
      "\(call): changed by somebody else in each of \(rounds) rounds; look for a controller that rewrites it all the time"
    case .notJournaled(let error): "the restart was not sent because it could not be journaled first: \(error)"
    }
  }
}
