/// How an event, or one job of it, ended. Every event that was answered 2xx gets one.
package enum Outcome: String, CaseIterable, Sendable {
  /// The workload was restarted: the API server took the patch.
  case succeeded
  /// Dry run: everything was done but the patch.
  case wouldRestart = "would-restart"
  /// The workload was restarted after the event was published, by whomever.
  case superseded
  /// A newer event for the same workload does this one's work too.
  case coalesced
  /// A restart would change nothing.
  case skipped
  /// No rule wants the event.
  case filtered
  /// Not news of a tagged image: a deletion, a child manifest, a signature.
  case ignored
  /// It failed for good and is kept as a dead letter.
  case dead

  /// Where an event's jobs end differently, the event shows the outcome with the highest weight.
  var weight: Int {
    switch self {
    case .dead: 7
    case .succeeded: 6
    case .wouldRestart: 5
    case .superseded: 4
    case .coalesced: 3
    case .skipped: 2
    case .filtered: 1
    case .ignored: 0
    }
  }
}
