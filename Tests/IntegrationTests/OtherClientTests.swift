import Foundation
import HTTP
import HTTPClient
import Testing

extension BuiltServer {
  /// Clients that others wrote.
  struct OtherClientTests {
    private static func isInstalled(_ program: String) -> Bool {
      let directories = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      return directories.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") }
    }

    /// What a client has to send: the body in a file, and the fields.
    private static func prepare(_ server: RunningServer) throws -> (file: String, authorization: String) {
      try server.site.directory.write(String(decoding: PushMessage().body, as: UTF8.self), to: "push.json")
      return ("\(server.site.path)/push.json", "authorization: Bearer \(try server.site.token())")
    }

    private static func run(_ program: String, _ arguments: [String]) async throws -> ChildProcess.Result {
      try await ChildProcess.run("/usr/bin/env", [program] + arguments)
    }

    @Test(
      .enabled(if: isInstalled("curl"), "curl is missing"),
      arguments: [
        (false, "--http1.1", "204 1.1"), (false, "--http1.0", "204 1.1"), (false, "--http2-prior-knowledge", "204 2"),
        (false, "--http2", "204 1.1"), (true, "--http1.1", "204 1.1"), (true, "--http2", "204 2"), (true, "--no-alpn", "204 1.1"),
      ])
    func curlPushes(_ isSecure: Bool, _ option: String, _ expected: String) async throws {
      let site = try TLSSite { if !isSecure { $0.push = Site.Configuration().push } }
      let server = try await RunningServer.start(site.site)
      let (file, authorization) = try Self.prepare(server)
      let result = try await Self.run(
        "curl",
        [
          "--silent", "--show-error", option, "--cacert", "\(site.site.path)/authority.pem", "--data-binary", "@\(file)",
          "--header", authorization, "--header", "content-type: application/json", "--write-out", "%{http_code} %{http_version}",
          "\(server.push)/push/gar",
        ])
      #expect(result.output == expected, "\(result.errors)")
      #expect(try await server.events().count == 1)
    }

    @Test(
      .enabled(if: isInstalled("h2load"), "nghttp and h2load are missing: Debian's nghttp2-client"),
      arguments: [false, true])
    func nghttpAndH2loadPush(_ isSecure: Bool) async throws {
      let site = try TLSSite { if !isSecure { $0.push = Site.Configuration().push } }
      let server = try await RunningServer.start(site.site)
      let (file, authorization) = try Self.prepare(server)
      let push = ["--data", file, "--header", authorization, "--header", "content-type: application/json"]
      let url = "\(server.push)/push/gar"
      let single = try await Self.run("nghttp", ["--verbose"] + push + [url])
      #expect(single.output.contains(":status: 204"), "\(single.output)")
      for version in [[], ["--h1"]] {
        let load = try await Self.run(
          "h2load", version + ["--requests", "500", "--clients", "4", "--max-concurrent-streams", "10"] + push + [url])
        #expect(load.output.contains("500 succeeded, 0 failed, 0 errored"), "\(load.output)")
        #expect(load.output.contains("status codes: 500 2xx"), "\(load.output)")
      }
      // All of them were the same message.
      #expect(try await server.events().count == 1)
    }

    @Test(
      .enabled(if: isInstalled("openssl"), "openssl is missing"),
      arguments: [("-tls1_1", false), ("-tls1_2", true), ("-tls1_3", true)])
    func opensslAgreesOnTheVersionsOfToday(_ version: String, _ isAccepted: Bool) async throws {
      let site = try TLSSite()
      let server = try await RunningServer.start(site.site)
      let result = try await Self.run(
        "openssl",
        [
          "s_client", "-connect", "127.0.0.1:\(server.push.port)", version, "-cipher", "DEFAULT@SECLEVEL=0", "-CAfile",
          "\(site.site.path)/authority.pem", "-verify_return_error", "-verify_ip", "127.0.0.1",
        ])
      #expect((result.status == 0) == isAccepted, "\(result.output) \(result.errors)")
      if !isAccepted { #expect(result.errors.contains("alert protocol version"), "\(result.errors)") }
    }
  }
}
