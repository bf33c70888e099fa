import Foundation
import HTTP
import HTTPClient
import OpenSSL
import TestSupport
import Testing

extension BuiltServer {
  /// Certificates that change while the server runs.
  struct CertificateTests {
    private static func push(_ site: Site, closes: Bool) throws -> String {
      let body = String(decoding: PushMessage().body, as: UTF8.self)
      return """
        POST /push/gar HTTP/1.1\r
        Host: a\r
        Authorization: Bearer \(try site.token())\r
        Content-Type: application/json\r
        Content-Length: \(body.utf8.count)\r
        \(closes ? "Connection: close\r\n" : "")\r
        \(body)
        """
    }

    @Test func aNewCertificateFailsNoRequest() async throws {
      let site = try TLSSite()
      let server = try await RunningServer.start(site.site)
      let old = try await Wire(port: server.push.port, site.client())
      let other = try SelfSignedAuthority(name: "Another Authority")
      let both = try TLSContext.client(trust: .authorities(pem: site.authority.certificatePEM + other.certificatePEM))
      let onlyNew = try TLSContext.client(trust: .authorities(pem: other.certificatePEM))
      try await withThrowingTaskGroup { group in
        // Two clients that stay, two that come again for each push.
        for number in 0..<4 {
          group.addTask {
            var count = 0
            let last = try await Wire(port: server.push.port, both)
            while !Task.isCancelled {
              let wire = number < 2 ? last : try await Wire(port: server.push.port, both)
              try wire.send(Self.push(server.site, closes: number >= 2))
              let answer = try await wire.text(through: "\r\n\r\n")
              guard answer.hasPrefix("HTTP/1.1 204 ") else { throw Unmet("push \(count) was answered \(answer)") }
              count += 1
            }
            #expect(count > 0)
          }
        }
        try site.install(other.issue(commonName: "server", names: ["IP:127.0.0.1"]))
        #expect(await server.process.errors.first { $0.contains("file replaced") } != nil)
        _ = try await Wire(port: server.push.port, onlyNew)
        group.cancelAll()
        try await group.waitForAll()
      }
      try old.send(Self.push(server.site, closes: true))
      #expect(try await old.text().hasPrefix("HTTP/1.1 204 "))
    }

    @Test func aPairThatCannotBeUsedChangesNothingAndIsReportedOnce() async throws {
      let site = try TLSSite()
      let server = try await RunningServer.start(site.site)
      try site.site.directory.write("nonsense", to: "server.key")
      #expect(await server.process.errors.first { $0.contains("file not replaced") } != nil)
      // Another one that cannot be used for the same reason.
      try site.site.directory.write("other nonsense", to: "server.key")
      let wire = try await Wire(port: server.push.port, site.client())
      try wire.send(Self.push(server.site, closes: true))
      #expect(try await wire.text().hasPrefix("HTTP/1.1 204 "))
      try site.install(site.issue())
      #expect(await server.process.errors.first { $0.contains("file replaced") } != nil)
      #expect(server.process.errors.lines.count { $0.contains("file not replaced") } == 1)
      #expect(await server.stop() == 0)
    }

    /// The certificate of a client may stand for the token.
    @Test func theAdminListenerMayAskForCertificatesInsteadOfAToken() async throws {
      let site = try TLSSite {
        $0.push = Site.Configuration().push
        $0.admin =
          "{address: 0.0.0.0, port: 0, tls: {certificate: server.pem, key: server.key, clientAuthorities: authority.pem}}"
      }
      let process = try RunningServer.launch(site.site)
      let line = try #require(
        await process.output.first { $0.hasPrefix("listening admin https://0.0.0.0:") }, "\(process.errors.text)")
      let port = try #require(UInt16(line.split(separator: ":").last ?? ""))
      let request = "GET /events HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
      let known = try await Wire(
        port: port, site.client(identity: try site.authority.issue(commonName: "person", names: [])))
      try known.send(request)
      #expect(try await known.text().hasPrefix("HTTP/1.1 200 "))
      await #expect(throws: TLSError.self) {
        let stranger = try await Wire(port: port, site.client())
        try stranger.send(request)
        _ = try await stranger.text()
      }
    }
  }
}
