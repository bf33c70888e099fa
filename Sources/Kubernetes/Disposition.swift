/// What to do about a call that failed.
package enum Disposition: Hashable, Sendable {
  /// It may go better later.
  /// - after: how long the server asks us to wait at least; nil where it says nothing.
  case retry(RetryReason, after: Duration?)
  /// It will probably fail again, but what is missing may be on its way: a right, the object, what a webhook looks for. Worth a few
  /// tries, not many.
  /// - after: as above.
  case doubtful(PermanentReason, after: Duration?)
  /// It will fail again until somebody changes something.
  case permanent(PermanentReason)

  /// Why another try makes sense. The raw values are labels of metrics.
  package enum RetryReason: String, CaseIterable, Sendable {
    /// No connection, or it broke.
    case network
    /// No answer in time.
    case timeout
    /// The server, or our own queue of calls, is too busy.
    case throttled
    /// The server has a fault of its own.
    case server
    /// Somebody changed the object at the same time.
    case conflict
    /// The token was refused: a new one may be on its way into the token file.
    case unauthorized
    /// The credentials could not be read.
    case credentials
    /// The caller could not write down what we were about to do, so it was not done.
    case journal
  }

  /// Why it does not, or hardly. The raw values are labels of metrics.
  package enum PermanentReason: String, CaseIterable, Sendable {
    case forbidden
    case notFound = "not_found"
    /// The object or its name breaks a rule of the API.
    case invalid
    /// The object is in a state in which kubectl, too, would refuse.
    case paused
    /// The server took the change and nothing changed.
    case unchanged
    /// Any other answer that a second try cannot change.
    case rejected
  }
}
