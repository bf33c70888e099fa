/// How one attempt at an item ended.
package enum AttemptVerdict: Hashable, Sendable {
  /// The item is done with, well or badly; it is not tried again.
  case finished(ServiceEvidence)
  /// The attempt failed: the item is tried again, as long as the policy allows it.
  case failed(AttemptFailure)
}

/// What an attempt showed of the service that all items need.
package enum ServiceEvidence: Hashable, Sendable {
  /// It did its part, or refused with a reason.
  case available
  /// It could not be reached, or failed itself.
  case unavailable
  /// It was not asked.
  case nothing
}

/// Why an attempt failed.
package struct AttemptFailure: Hashable, Sendable {
  /// A fixed word of the caller's.
  package var reason: String
  /// A sentence for people.
  package var detail: String
  /// The next attempt is no sooner than this from now.
  package var retryAfter: Duration?
  package var evidence: ServiceEvidence
  /// Whether the service has refused the item itself, and will again unless somebody changes something.
  package var isRefusal: Bool

  package init(
    _ reason: String, _ detail: String = "", retryAfter: Duration? = nil, evidence: ServiceEvidence = .nothing,
    isRefusal: Bool = false
  ) {
    self.reason = reason
    self.detail = detail
    self.retryAfter = retryAfter
    self.evidence = evidence
    self.isRefusal = isRefusal
  }
}

/// The end of an item that the retry policy gave up.
package struct Exhaustion: Hashable, Sendable {
  /// The limit that was reached first.
  package var limit: RetryPolicy.Limit
  /// Attempts that were made in all.
  package var attempts: Int
  /// Why the last of them failed.
  package var last: AttemptFailure

  package init(limit: RetryPolicy.Limit, attempts: Int, last: AttemptFailure) {
    self.limit = limit
    self.attempts = attempts
    self.last = last
  }
}
