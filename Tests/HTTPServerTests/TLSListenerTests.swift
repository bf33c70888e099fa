import HTTP
import HTTP2
import HTTPServer
import OpenSSL
import TestSupport
import Testing
import Transport

/// A listener with TLS.
///
/// One test after the other: each has a server and clients that wait for clocks, and hundreds of tests run beside them.
@Suite(.serialized, .timeLimit(.minutes(5))) struct TLSListenerTests {
  private let authority: SelfSignedAuthority
  private let identity: TLSIdentity

  init() throws {
    authority = try SelfSignedAuthority()
    identity = try authority.issue(commonName: "server", names: ["IP:127.0.0.1"])
  }

  private static let protocols = ["h2", "http/1.1"]
  private static let last = "GET /empty HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

  private func tls(_ identity: TLSIdentity? = nil, clientAuthorities: [UInt8]? = nil) throws -> ServerTLS {
    ServerTLS(
      try TLSContext.server(
        identity: identity ?? self.identity, applicationProtocols: Self.protocols, clientAuthorities: clientAuthorities))
  }

  private func client(
    _ protocols: [String] = [], trusting authority: SelfSignedAuthority? = nil, identity: TLSIdentity? = nil
  ) throws -> TLSContext {
    try TLSContext.client(
      trust: .authorities(pem: (authority ?? self.authority).certificatePEM), identity: identity, applicationProtocols: protocols)
  }

  @Test(arguments: [
    (["h2"], "h2"), (["http/1.1", "h2"], "h2"), (["http/1.1"], "http/1.1"), (["spdy/3", "http/1.1"], "http/1.1"), ([], nil),
  ])
  func speaksWhatWasAgreedOn(_ offered: [String], _ agreed: String?) async throws {
    let server = try ServedListener(tls: tls())
    let wire = try await Wire(port: server.port, client(offered))
    #expect(wire.applicationProtocol == agreed)
    if agreed == "h2" {
      let client = try HTTP2Client(wire)
      let ids = [try client.get("/empty"), try client.post("/echo", 50_000)]
      for id in ids { #expect(try await client.response(to: id).hasPrefix("20")) }
      async let drained: Void = server.listener.drain(within: .seconds(60))
      try await client.talkToTheEnd()
      await drained
    } else {
      try wire.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi" + Self.last)
      #expect(summaries(try await wire.text()) == ["200 OK: hi", "204 No Content"])
      await server.listener.drain(within: .milliseconds(50))
    }
  }

  @Test func refusesAClientThatSpeaksNothingOfOurs() async throws {
    let server = try ServedListener(tls: tls())
    await #expect(throws: TLSError.self) { _ = try await Wire(port: server.port, client(["spdy/3"])) }
    await server.listener.drain(within: .milliseconds(50))
    #expect(server.dispatchedCount == 0)
  }

  /// HTTP/2 is spoken over TLS only where it was agreed on.
  @Test func takesThePrefaceForHTTP1WhereThatWasAgreedOn() async throws {
    let server = try ServedListener(tls: tls())
    let wire = try await Wire(port: server.port, client(["http/1.1"]))
    try wire.send(HTTP2Preface.bytes)
    #expect(try await wire.text().hasPrefix("HTTP/1.1 505 "))
    await server.listener.drain(within: .milliseconds(50))
  }

  @Test(arguments: [[], [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3]] as [[UInt8]])
  func closesWhereTheHandshakeDoesNotEnd(_ start: [UInt8]) async throws {
    let server = try ServedListener(tls: tls()) { $0.handshakeDeadline = .milliseconds(10) }
    let client = try server.connect()
    client.send(start)
    #expect(await client.received() == "")
    #expect(server.hits("handshakeDeadline") == 1)
    await server.listener.drain(within: .milliseconds(50))
  }

  @Test func goesOnWithOldConnectionsWhereTheCertificateIsReplaced() async throws {
    let tls = try tls()
    let server = try ServedListener(tls: tls)
    let old = try await Wire(port: server.port, client())
    let other = try SelfSignedAuthority()
    let replacement = try other.issue(commonName: "server", names: ["IP:127.0.0.1"])
    tls.replace(by: try TLSContext.server(identity: replacement, applicationProtocols: Self.protocols))
    await #expect(throws: TLSError.self) { _ = try await Wire(port: server.port, client()) }
    let new = try await Wire(port: server.port, client(trusting: other))
    for wire in [old, new] {
      try wire.send(Self.last)
      #expect(summaries(try await wire.text()) == ["204 No Content"])
    }
    await server.listener.drain(within: .milliseconds(50))
  }

  @Test func servesOnlyClientsWithACertificateWhereThatIsAskedFor() async throws {
    let server = try ServedListener(tls: tls(clientAuthorities: authority.certificatePEM))
    let known = try authority.issue(commonName: "client", names: [])
    let stranger = try SelfSignedAuthority().issue(commonName: "client", names: [])
    let wire = try await Wire(port: server.port, client(identity: known))
    try wire.send(Self.last)
    #expect(summaries(try await wire.text()) == ["204 No Content"])
    for identity in [nil, stranger] {
      // With TLS 1.3 the client is done before the server has looked at it.
      await #expect(throws: TLSError.self) {
        let wire = try await Wire(port: server.port, client(identity: identity))
        try wire.send(Self.last)
        _ = try await wire.text()
      }
    }
    #expect(server.dispatchedCount == 1)
    await server.listener.drain(within: .milliseconds(50))
  }

  /// The request and the end come in one read.
  @Test(arguments: [["h2"], ["http/1.1"]])
  func answersTheLastRequestOfAClientThatIsDone(_ offered: [String]) async throws {
    let server = try ServedListener(tls: tls())
    let wire = try await Wire(port: server.port, client(offered))
    if offered == ["h2"] {
      let client = try HTTP2Client(wire)
      let id = try client.get("/refuse")
      try client.flushAndFinish()
      while try await client.hear() {}
      #expect(client.responses[id]?.text == "403 no")
    } else {
      try wire.sendLast(Array("GET /refuse HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
      #expect(summaries(try await wire.text()) == ["403 Forbidden: no"])
    }
    await server.listener.drain(within: .milliseconds(50))
  }

  @Test func aConnectionThatStillShakesHandsDoesNotHoldUpADrain() async throws {
    let server = try ServedListener(tls: tls())
    let client = try server.connect()
    while server.connectionCount != 1 { await Task.yield() }
    await server.listener.drain(within: .seconds(60))
    #expect(await client.received() == "")
  }
}
