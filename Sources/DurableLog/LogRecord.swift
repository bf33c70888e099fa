/// One record as it was appended.
package struct LogRecord: Hashable, Sendable {
  package let position: LogPosition
  /// Counts every record of the log, the log's own too, so that values grow but are not dense.
  package let sequence: UInt64
  package let kind: RecordKind
  package let payload: [UInt8]

  package init(position: LogPosition, sequence: UInt64, kind: RecordKind, payload: [UInt8]) {
    self.position = position
    self.sequence = sequence
    self.kind = kind
    self.payload = payload
  }
}
