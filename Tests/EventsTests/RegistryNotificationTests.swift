import Clocks
import Events
import JSON
import Testing

struct RegistryNotificationTests {
  private static let hex = String(repeating: "0123456789abcdef", count: 4)
  private static let web = ImageReference(host: "us-docker.pkg.dev", path: "p/r/web", tag: "1.1", digest: "sha256:\(hex)")

  @Test(
    "acts on tags that were set and ignores the rest with a reason",
    arguments: [
      (#"{"action":"INSERT","digest":"us-docker.pkg.dev/p/r/web@sha256:H","tag":"us-docker.pkg.dev/p/r/web:1.1"}"#, .act(web)),
      (#"{"action":"INSERT","digest":"us-docker.pkg.dev/p/r/web@sha256:H","tag":"1.1"}"#, .act(web)),
      (#"{"action":"INSERT","digest":"us-docker.pkg.dev/p/r/web@sha256:H","tag":"web:1.1"}"#, .act(web)),
      (#"{"action":"INSERT","digest":"sha256:H","tag":"us-docker.pkg.dev/p/r/web:1.1"}"#, .act(web)),
      (
        #"{"action":"INSERT","tag":"us-docker.pkg.dev/p/r/web:1.1","digest":null}"#,
        .act(ImageReference(host: "us-docker.pkg.dev", path: "p/r/web", tag: "1.1"))
      ), (#"{"action":"INSERT","digest":"us-docker.pkg.dev/p/r/web@sha256:H"}"#, .ignore(.noTag)),
      (#"{"action":"INSERT","digest":"us-docker.pkg.dev/p/r/web@sha256:H","tag":""}"#, .ignore(.noTag)),
      (#"{"action":"INSERT","tag":"1.1"}"#, .ignore(.noImage)), (#"{"action":"INSERT"}"#, .ignore(.noTag)),
      (#"{"action":"DELETE","tag":"us-docker.pkg.dev/p/r/web:1.1"}"#, .ignore(.deletion)),
      (#"{"action":"insert","tag":"us-docker.pkg.dev/p/r/web:1.1"}"#, .ignore(.unknownAction("insert"))),
      (#"{"tag":"us-docker.pkg.dev/p/r/web:1.1"}"#, .ignore(.noAction)),
      (#"{"action":"INSERT","tag":"us-docker.pkg.dev/p/r/web:sha256-H"}"#, .ignore(.signature(tag: "sha256-\(hex)"))),
      (#"{"action":"INSERT","tag":"us-docker.pkg.dev/p/r/web:sha256-H.att"}"#, .ignore(.signature(tag: "sha256-\(hex).att"))),
      (
        #"{"action":"INSERT","tag":"us-docker.pkg.dev/p/r/web:sha256-H0"}"#,
        .act(ImageReference(host: "us-docker.pkg.dev", path: "p/r/web", tag: "sha256-\(hex)0"))
      ),
    ] as [(String, RegistryNotification.Disposition)])
  func disposes(text: String, disposition: RegistryNotification.Disposition) throws {
    #expect(try RegistryNotification(data: Self.data(text)).disposition == disposition)
  }

  @Test(
    "calls what is no notification poison",
    arguments: [
      ("not json", .invalidData(.unexpectedByte(0x6F, offset: 1, expected: "\"null\""))),
      ("[]", .invalidData(.wrongKind(.array, offset: 0, expected: .object))),
      (#"{"action":1}"#, .invalidData(.wrongKind(.number, offset: 10, expected: .string))),
      (#"{"action":"INSERT","action":"DELETE"}"#, .invalidData(.duplicateName("action", offset: 19))),
      (#"{"action":"INSERT","tag":"x y"}"#, .invalidReference(member: "tag", text: "x y")),
      (#"{"action":"INSERT","tag":"gcr.io/p/web"}"#, .invalidReference(member: "tag", text: "gcr.io/p/web")),
      (#"{"action":"INSERT","digest":"gcr.io/p/web"}"#, .invalidReference(member: "digest", text: "gcr.io/p/web")),
    ] as [(String, EnvelopeError)])
  func refuses(text: String, error: EnvelopeError) {
    #expect(throws: error) { try RegistryNotification(data: Self.data(text)) }
  }

  @Test func showsPathsWhatIsKnown() throws {
    let text = #"{"action":"INSERT","digest":"us-docker.pkg.dev/p/r/web@sha256:H","tag":"us-docker.pkg.dev/p/r/web:1.1"}"#
    let message = PubSubMessage(
      messageID: "7", publishTime: Timestamp(rfc3339: "2026-11-23T14:00:00Z"), attributes: [.init(name: "k", value: "v")])
    #expect(
      try RegistryNotification(data: Self.data(text)).normalized(message) == [
        "action": "INSERT", "host": "us-docker.pkg.dev", "project": "p", "repository": "r", "image": "us-docker.pkg.dev/p/r/web",
        "name": "web", "path": "p/r/web", "tag": "1.1", "digest": "sha256:\(Self.hex)",
        "reference": "us-docker.pkg.dev/p/r/web:1.1",
        "digestReference": "us-docker.pkg.dev/p/r/web@sha256:\(Self.hex)", "attributes": ["k": "v"], "messageId": "7",
        "publishTime": "2026-11-23T14:00:00.000Z",
      ])
  }

  /// `H` stands for 64 hexadecimal digits.
  private static func data(_ text: String) -> [UInt8] {
    Array(text.split(separator: "H", omittingEmptySubsequences: false).joined(separator: hex).utf8)
  }
}
