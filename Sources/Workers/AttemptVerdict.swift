/// How one attempt at an item ended.
package enum AttemptVerdict: Hashable, Sendable {
  /// The item is done with, well or badly; it is not tried again.
  case finished
  /// The item is to be tried again, no sooner than `after` from now where that is given.
  case retry(after: Duration?)
}
