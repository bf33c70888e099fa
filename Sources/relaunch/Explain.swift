import ArgumentParser
import HTTP

struct Explain: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tell what happened to one event, and why.",
    discussion: "ID is the Pub/Sub message id, or the id that `GET /events` shows.")

  @Argument(help: "The event's id.")
  var id: String

  @OptionGroup var admin: AdminClient

  // An empty one would ask for all events.
  func validate() throws { if id.isEmpty { throw ValidationError("the event's id is empty") } }

  func run() async throws { try await admin.show(.get, "/events/\(id.pathSegment)") }
}

extension String {
  /// The text percent-encoded as one segment of a path.
  var pathSegment: String {
    utf8.map { byte in
      switch byte {
      case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
        String(UnicodeScalar(byte))
      default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }.joined()
  }
}
