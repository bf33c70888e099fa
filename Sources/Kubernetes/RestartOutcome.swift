package import Clocks

/// How a wish for a restart ended, where it did not fail.
package enum RestartOutcome: Hashable, Sendable {
  /// The API server took the patch, and the Deployment's generation rose.
  case restarted(value: Timestamp, generation: Int64, resourceVersion: String)
  /// This very wish was fulfilled before, by an attempt whose answer was lost or by another replica.
  case alreadyDone(value: Timestamp)
  /// The Deployment was restarted, for another reason, after the image was pushed: its pods have pulled it already.
  case superseded(by: Timestamp)
  /// The same image was rolled out a moment before, for another message of the same push: under another tag, or again.
  case coalesced(message: String, at: Timestamp)
  case skipped(SkipReason)
  /// A dry run came as far as the patch, which would have written `value`.
  case wouldRestart(value: Timestamp)

  package enum SkipReason: Hashable, Sendable {
    /// Every container of the image's repository names a digest: a restart brings the same image back.
    case digestPinned
  }
}

/// An outcome and what people should know about it, in sentences.
package struct RestartReport: Hashable, Sendable {
  package let outcome: RestartOutcome
  package let notes: [String]

  package init(outcome: RestartOutcome, notes: [String]) {
    self.outcome = outcome
    self.notes = notes
  }
}
