/// Whether somebody waits for a record to be durable.
package enum AppendUrgency: Sendable {
  /// The next batch begins at once.
  case now
  /// The record goes with the next batch that somebody waits for, or with one of its own a few milliseconds later. Order is kept
  /// either way: no later record is durable before it.
  case soon
}
