/// What a load brought.
enum KeyLoad: Sendable {
  /// - Parameters:
  ///   - lifetime: until the next load is due.
  ///   - identity: of the file that was read.
  case document([UInt8], lifetime: Duration, identity: FileIdentity?)
  /// The file is the one that was read last.
  case unchanged
}
