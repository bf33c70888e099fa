import HTTP
import HTTPClient
import JSON
import Testing

extension BuiltServer {
  /// Configurations that must not come up: exit code 2, and a sentence that says what to do.
  struct StartTests {
    struct Refusal: Sendable, CustomTestStringConvertible {
      let testDescription: String
      let configuration: Site.Configuration
      let words: [String]

      init(_ name: String, _ words: [String], _ change: (inout Site.Configuration) -> Void) {
        testDescription = name
        self.words = words
        var configuration = Site.Configuration()
        change(&configuration)
        self.configuration = configuration
      }
    }

    static let refusals = [
      Refusal("a push listener on every address without authentication", ["sources.gar.authentication", "loopback"]) {
        $0.push = "{address: 0.0.0.0, port: 0}"
        $0.sources = Site.Configuration.open
      },
      Refusal("an admin listener on every address without a token", ["listeners.admin", "tokenFile"]) {
        $0.admin = "{address: 0.0.0.0, port: 0}"
      },
      Refusal("a short admin token", ["listeners.admin.tokenFile", "32"]) {
        $0.admin = "{address: 127.0.0.1, port: 0, tokenFile: keys/short}"
      },
      Refusal("an admin listener on every address with TLS but without a token", ["listeners.admin", "clientAuthorities"]) {
        $0.admin = "{address: 0.0.0.0, port: 0, tls: {certificate: server.pem, key: server.key}}"
      },
      Refusal("a certificate that is missing", ["listeners.push.tls", "server.pem cannot be read"]) {
        $0.push = "{address: 127.0.0.1, port: 0, tls: {certificate: server.pem, key: keys/short}}"
      },
      Refusal("a certificate that is none", ["listeners.push.tls", "own certificate and key"]) {
        $0.push = "{address: 127.0.0.1, port: 0, tls: {certificate: keys/short, key: keys/short}}"
      },
      Refusal("a certificate without its key", ["listeners.push.tls", "key"]) {
        $0.push = "{address: 127.0.0.1, port: 0, tls: {certificate: keys/short}}"
      },
      Refusal("a limit that is none", ["limits.headDeadline"]) { $0.more = "limits: {headDeadline: 0s}" },
      Refusal("an unknown setting", ["relaunch.yaml", "worker"]) { $0.more = "worker: 3" },
      Refusal("a source without an audience", ["audience"]) {
        $0.sources = "gar: {authentication: {email: a@b, keys: {file: keys.json}}}"
      },
      Refusal("no source", ["relaunch.yaml: sources: there is none, so nothing could be received"]) { $0.sources = "{}" },
      Refusal("broken YAML", ["relaunch.yaml"]) { $0.more = "dryRun: [" },
    ]

    @Test(arguments: refusals) func refuses(_ refusal: Refusal) async throws {
      let site = try Site(refusal.configuration)
      try site.directory.write("secret", to: "keys/short")
      let process = try RunningServer.launch(site)
      #expect(await process.end() == 2)
      await process.errors.end()
      for word in refusal.words { #expect(process.errors.text.contains(word), "\(process.errors.text)") }
      #expect(!process.output.text.contains("listening"))
    }

    @Test func takesPushesWithoutTokenOnLoopback() async throws {
      var configuration = Site.Configuration()
      configuration.sources = Site.Configuration.open
      let server = try await RunningServer.start(Site(configuration))
      let message = PushMessage()
      #expect(try await server.push(content: message.body, token: nil).status == .noContent)
      #expect(try await server.story(message.id)["outcome"] != nil)
    }
  }
}
