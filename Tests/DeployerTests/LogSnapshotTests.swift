import Clocks
@testable import Deployer
import DurableLog
import OpenSSL
import TestSupport
import Testing

struct LogSnapshotTests {
  private static let event = LogSnapshot.event(
    LogSnapshot.Moved(
      event: [1, 2, 3],
      states: [
        LogSnapshot.Moved.State(kind: .job, payload: Array("{}".utf8)), LogSnapshot.Moved.State(kind: .dead, payload: []),
      ]))
  private static let known = LogSnapshot.known(
    ["1", "a rather longer id of a message"].map { id in
      KnownMessages.Message(
        key: SHA256.digest(of: Array(id.utf8).span), id: id, receivedAt: Timestamp(nanoseconds: -5), segment: 7)
    })

  @Test(arguments: [event, known, .known([])]) func isReadAsItWasWritten(snapshot: LogSnapshot) {
    #expect(LogSnapshot(snapshot.encoded, segment: 7) == snapshot)
  }

  @Test func hasTheBytesOfVersion1() {
    #expect(Self.event.encoded == [1, 1, 3, 0, 0, 0, 1, 2, 3, 2, 0, 0, 0, 2, 2, 0, 0, 0, 0x7B, 0x7D, 3, 0, 0, 0, 0])
    #expect(Array(Self.known.encoded.prefix(6)) == [1, 2, 2, 0, 0, 0])
  }

  /// Each prefix, and each byte changed.
  @Test(arguments: [event, known]) func takesNothingElse(snapshot: LogSnapshot) {
    let bytes = snapshot.encoded
    for count in bytes.indices { #expect(LogSnapshot(Array(bytes.prefix(count)), segment: 7) == nil) }
    #expect(LogSnapshot(bytes + [0], segment: 7) == nil)
    for index in bytes.indices {
      for value in UInt8.min ... .max {
        var changed = bytes
        changed[index] = value
        _ = LogSnapshot(changed, segment: 7)
      }
    }
  }
}
