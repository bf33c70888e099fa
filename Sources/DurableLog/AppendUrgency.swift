/// Whether somebody waits for a record to be durable.
package enum AppendUrgency: Sendable {
  /// The next batch begins at once.
  case now
  /// The next batch begins when `commitGathered` is called: whoever appends several records in a row has them share a sync. Without
  /// that call they are treated like those of `soon`.
  case gathered
  /// The record goes with the next batch that somebody waits for, or with one of its own a few milliseconds later. Order is kept
  /// either way: no later record is durable before it.
  case soon
}
