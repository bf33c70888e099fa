import FoundationEssentials
import HTTP
import HTTPClient
@testable import Notifications
import Testing
import TestSupport

struct DestinationTests {
  private static let secret = "https://hooks.example.com/services/T0/B0/very-secret?key=1"

  private func file(_ text: String) throws -> String {
    let url = FileManager.default.temporaryDirectory.appending(path: "relaunch-destination-" + UUID().uuidString)
    try Data(text.utf8).write(to: url)
    return url.path
  }

  @Test func sendsToTheURLOfTheMoment() throws {
    let path = try file(" \(Self.secret)\n")
    let destination = try Destination(.file(path))
    let request = try destination.request([1])
    #expect(request.origin == Origin(isSecure: true, host: "hooks.example.com", port: 443))
    #expect(request.target == "/services/T0/B0/very-secret?key=1")
    #expect(request.method == .post && request.content == [1])
    #expect(request.fields[.contentType] == "application/json" && request.fields[.authorization] == nil)
    try Data("http://other.example.com:8080".utf8).write(to: URL(filePath: path))
    #expect(try destination.request([]).origin == Origin(isSecure: false, host: "other.example.com", port: 8080))
  }

  @Test func sendsTheFieldsAndTheTokenOfFiles() throws {
    let destination = try Destination(
      .url(Self.secret), headersFile: try file("X-Key: a b \r\n\nx-other:c:d\n"), tokenFile: try file("token\n"))
    let fields = try destination.request([]).fields
    #expect(fields["x-key"] == "a b" && fields["x-other"] == "c:d" && fields[.authorization] == "Bearer token")
  }

  /// The address is the password.
  @Test func showsNothingOfItself() throws {
    let destination = try Destination(.url(Self.secret))
    let receiver = Receiver(
      name: "ops", kinds: [.dead], format: .slack, destination: destination, sender: FakeKeyServer(document: []),
      deadline: .seconds(1))
    var dumped = ""
    dump(receiver, to: &dumped)
    for text in ["\(destination)", "\(receiver)", String(reflecting: receiver), dumped] {
      #expect(!text.contains("secret") && !text.contains("hooks"), "\(text)")
    }
    let path = try file("secret, but no URL")
    for (error, expected) in [
      (#expect(throws: DestinationError.self) { try Destination(.url("secret")) }, DestinationError.noURL(file: nil)),
      (#expect(throws: DestinationError.self) { try Destination(.file(path)).request([]) }, .noURL(file: path)),
    ] {
      #expect(error == expected)
      #expect(!"\(expected)".contains("secret"))
    }
  }

  @Test(arguments: ["no field", ": value", "a b: c", "name\u{1b}: x"]) func refusesWhatIsNoField(_ line: String) throws {
    let path = try file(line)
    #expect(throws: DestinationError.noField(file: path)) { try Destination(.url(Self.secret), headersFile: path).request([]) }
  }

  @Test func saysWhichFileIsMissing() {
    #expect(throws: DestinationError.unreadable(file: "/none")) { try Destination(.file("/none")).request([]) }
  }
}
