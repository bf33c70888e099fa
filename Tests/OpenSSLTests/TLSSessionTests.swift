import OpenSSL
import TestSupport
import Testing

@Suite struct TLSSessionTests {
  let authority: SelfSignedAuthority
  let identity: TLSIdentity
  let trust: TLSTrust

  init() throws {
    authority = try SelfSignedAuthority()
    identity = try authority.issue(
      commonName: "push", names: ["DNS:push.example.com", "DNS:*.wild.example.com", "IP:127.0.0.1", "IP:::1"])
    trust = .authorities(pem: authority.certificatePEM)
  }

  private func pair(
    name: String = "push.example.com", clientProtocols: [String] = [], serverProtocols: [String] = []
  ) throws -> TLSPair {
    try TLSPair(
      client: .client(trust: trust, applicationProtocols: clientProtocols),
      server: .server(identity: identity, applicationProtocols: serverProtocols), serverName: name)
  }

  @Test(arguments: [Int.max, 1, 7, 1000]) func carriesDataBothWaysHoweverTheWireIsCut(chunk: Int) throws {
    let pair = try pair()
    try pair.shakeHands(chunk: chunk)
    #expect(pair.client.version == "TLSv1.3")
    let question = (0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let answer = Array("an answer".utf8)
    try pair.client.write(question.span)
    try pair.server.write(answer.span)
    try pair.carry(chunk: chunk)
    let (asked, askedEnd) = try TLSPair.drain(pair.server)
    let (answered, answeredEnd) = try TLSPair.drain(pair.client)
    #expect(asked == question)
    #expect(askedEnd == .wantsInput)
    #expect(answered == answer)
    #expect(answeredEnd == .wantsInput)
    #expect(!pair.client.hasCiphertext)
  }

  @Test func readsNoMoreThanTheLimitAndAppends() throws {
    let pair = try pair()
    try pair.shakeHands()
    try pair.client.write([1, 2, 3, 4, 5].span)
    try pair.carry()
    var bytes: [UInt8] = [0]
    #expect(try pair.server.read(into: &bytes, limit: 2) == .bytes(2))
    #expect(try pair.server.read(into: &bytes, limit: 0) == .bytes(0))
    #expect(try pair.server.read(into: &bytes, limit: 100) == .bytes(3))
    #expect(try pair.server.read(into: &bytes, limit: 100) == .wantsInput)
    #expect(bytes == [0, 1, 2, 3, 4, 5])
  }

  @Test func refusesDataBeforeTheHandshake() throws {
    let pair = try pair()
    var bytes: [UInt8] = []
    #expect(throws: TLSError.handshakePending(name: "push.example.com")) { try pair.client.write([1].span) }
    #expect(throws: TLSError.handshakePending(name: "the client")) { _ = try pair.server.read(into: &bytes) }
  }

  // MARK: Closing

  @Test(arguments: [true, false]) func closesInEitherOrderAndDeliversWhatWasWrittenBefore(clientFirst: Bool) throws {
    let pair = try pair()
    try pair.shakeHands()
    let (first, second) = clientFirst ? (pair.client, pair.server) : (pair.server, pair.client)
    try first.write([1, 2].span)
    first.close()
    try pair.carry()
    let (bytes, end) = try TLSPair.drain(second)
    #expect(bytes == [1, 2])
    #expect(end == .closed)
    // The other direction is still open.
    try second.write([3].span)
    second.close()
    try pair.carry()
    let (late, lateEnd) = try TLSPair.drain(first)
    #expect(late == [3])
    #expect(lateEnd == .closed)
  }

  @Test func closesFromBothEndsAtOnce() throws {
    let pair = try pair()
    try pair.shakeHands()
    pair.client.close()
    pair.server.close()
    try pair.carry()
    #expect(try TLSPair.drain(pair.client).end == .closed)
    #expect(try TLSPair.drain(pair.server).end == .closed)
  }

  @Test func refusesWritingAfterCloseAndClosesOnce() throws {
    let pair = try pair()
    try pair.shakeHands()
    pair.client.close()
    pair.client.close()
    #expect(throws: TLSError.closed(name: "push.example.com")) { try pair.client.write([1].span) }
    try pair.carry()
    #expect(try TLSPair.drain(pair.server) == ([], .closed))
  }

  @Test func closingBeforeTheHandshakeSaysNothing() throws {
    let pair = try pair()
    pair.client.close()
    #expect(!pair.client.hasCiphertext)
  }

  @Test func aTruncatedStreamNeverReadsAsClosed() throws {
    let pair = try pair()
    try pair.shakeHands()
    try pair.client.write([UInt8](repeating: 7, count: 1000).span)
    pair.client.close()
    var wire: [UInt8] = []
    pair.client.takeCiphertext(into: &wire)
    for count in stride(from: 0, to: wire.count, by: 97) {
      let pair = try self.pair()
      try pair.shakeHands()
      try pair.client.write([UInt8](repeating: 7, count: 1000).span)
      pair.client.close()
      var wire: [UInt8] = []
      pair.client.takeCiphertext(into: &wire)
      try pair.server.receive(Array(wire.prefix(count)).span)
      #expect(try TLSPair.drain(pair.server).end == .wantsInput)
    }
  }

  // MARK: Damage

  @Test func aDamagedRecordEndsTheSessionForGood() throws {
    let pair = try pair()
    try pair.shakeHands()
    try pair.client.write([1, 2, 3].span)
    var wire: [UInt8] = []
    pair.client.takeCiphertext(into: &wire)
    wire[wire.count - 1] ^= 1
    try pair.server.receive(wire.span)
    let expected = TLSError.record(
      name: "the client", OpenSSLError(function: "SSL_read_ex", reason: "decryption failed or bad record mac"))
    #expect(throws: expected) { try TLSPair.drain(pair.server) }
    #expect(throws: expected) { try pair.server.write([1].span) }
    #expect(throws: expected) { try pair.server.receive([1].span) }
    #expect(pair.server.hasCiphertext, "the alert waits to be sent")
  }

  @Test func plainHTTPOnATLSPortIsNamed() throws {
    let server = try TLSSession(.server(identity: identity), clientName: "192.0.2.7")
    try server.receive(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8).span)
    #expect {
      _ = try server.handshake()
    } throws: { error in
      "\(error)" == "TLS handshake with 192.0.2.7: SSL_do_handshake: http request; the other side does not speak TLS on this port"
    }
  }

  @Test func refusesTLS11() throws {
    let server = try TLSSession(.server(identity: identity))
    let hello: [UInt8] = [3, 2] + [UInt8](repeating: 7, count: 32) + [0, 0, 4, 0xc0, 0x09, 0, 0x2f, 1, 0]
    let message = [1, 0, 0, UInt8(hello.count)] + hello
    try server.receive(([0x16, 3, 1, 0, UInt8(message.count)] + message).span)
    #expect {
      _ = try server.handshake()
    } throws: { error in
      "\(error)"
        == "TLS handshake with the client: SSL_do_handshake: unsupported protocol; TLS 1.2 is the oldest version we speak"
    }
  }

  @Test func randomBytesNeverTrap() throws {
    var random = SplitMix()
    print("seed \(random.seed)")
    for _ in 0..<200 {
      let pair = try pair()
      _ = try pair.client.handshake()
      var wire: [UInt8] = []
      pair.client.takeCiphertext(into: &wire)
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        wire[Int.random(in: wire.indices, using: &random)] = .random(in: .min ... .max, using: &random)
      }
      try pair.server.receive(wire.span)
      _ = try? pair.server.handshake()
      var reply: [UInt8] = []
      pair.server.takeCiphertext(into: &reply)
      try pair.client.receive(reply.span)
      _ = try? pair.client.handshake()
    }
  }

  // MARK: Names

  @Test(arguments: [
    "push.example.com", "PUSH.example.com", "push.example.com.", "a.wild.example.com", "127.0.0.1", "::1", "[::1]",
  ])
  func acceptsNamesOfTheCertificate(name: String) throws {
    try pair(name: name).shakeHands()
  }

  @Test(arguments: ["other.example.com", "push", "a.b.wild.example.com", "wild.example.com", "push.example.com.evil.example"])
  func refusesOtherHosts(name: String) throws {
    let pair = try pair(name: name)
    let problem = "hostname mismatch; it does not list this name in subjectAltName; use a name it lists, or have it reissued"
    #expect(throws: TLSError.certificate(name: name, problem: problem)) { try pair.shakeHands() }
  }

  @Test(arguments: ["10.0.0.1", "::2", "[::2]"]) func refusesOtherAddresses(name: String) throws {
    let pair = try pair(name: name)
    let problem = "IP address mismatch; it does not list this name in subjectAltName; use a name it lists, or have it reissued"
    #expect(throws: TLSError.certificate(name: name, problem: problem)) { try pair.shakeHands() }
  }

  @Test func theCommonNameAloneNamesNoHost() throws {
    let identity = try authority.issue(commonName: "push.example.com", names: [])
    let pair = try TLSPair(client: .client(trust: trust), server: .server(identity: identity))
    #expect(throws: TLSError.self) { try pair.shakeHands() }
  }

  @Test(arguments: ["", "push.example.com\0.evil.example", String(repeating: "a", count: 256)])
  func refusesNamesThatCannotBeChecked(name: String) throws {
    #expect {
      _ = try TLSSession(.client(trust: trust), serverName: name)
    } throws: { error in
      "\(error)" == "server name of \(name.utf8.count) bytes: 1 to 255 bytes without NUL are needed"
    }
  }

  // MARK: Trust

  @Test func refusesAnExpiredCertificate() throws {
    let expired = try authority.issue(commonName: "push", names: ["DNS:push.example.com"], validUntil: .seconds(-60))
    let pair = try TLSPair(client: .client(trust: trust), server: .server(identity: expired))
    let problem = "certificate has expired; renew it, or check the clock here"
    #expect(throws: TLSError.certificate(name: "push.example.com", problem: problem)) { try pair.shakeHands() }
  }

  @Test func refusesACertificateOfTheFuture() throws {
    let future = try authority.issue(commonName: "push", names: ["DNS:push.example.com"], validFrom: .seconds(3600))
    let pair = try TLSPair(client: .client(trust: trust), server: .server(identity: future))
    let problem = "certificate is not yet valid; check the clock here"
    #expect(throws: TLSError.certificate(name: "push.example.com", problem: problem)) { try pair.shakeHands() }
  }

  @Test func refusesAnUnknownAuthority() throws {
    let stranger = TLSTrust.authorities(pem: try SelfSignedAuthority(name: "Stranger").certificatePEM)
    let pair = try TLSPair(client: .client(trust: stranger), server: .server(identity: identity))
    let problem =
      "unable to get local issuer certificate; its issuer is not trusted here; add the certificate of the CA to the trusted ones"
    #expect(throws: TLSError.certificate(name: "push.example.com", problem: problem)) { try pair.shakeHands() }
  }

  @Test func systemRootsDoNotTrustUs() throws {
    let pair = try TLSPair(client: .client(), server: .server(identity: identity))
    #expect(throws: TLSError.self) { try pair.shakeHands() }
  }

  @Test func trustsAServersOwnCertificateWhenItIsListed() throws {
    let trust = TLSTrust.authorities(pem: identity.certificateChainPEM)
    try TLSPair(client: .client(trust: trust), server: .server(identity: identity)).shakeHands()
  }

  @Test func tellsTheServerWhyTheClientLeft() throws {
    let pair = try pair(name: "other.example.com")
    #expect(throws: TLSError.self) { try pair.shakeHands() }
    try pair.carry()
    #expect(throws: TLSError.self) { try pair.server.handshake() }
  }

  // MARK: Client certificates

  @Test func acceptsAClientCertificateOfTheAuthority() throws {
    let mine = try authority.issue(commonName: "client", names: [])
    let pair = try TLSPair(
      client: .client(trust: trust, identity: mine),
      server: .server(identity: identity, clientAuthorities: authority.certificatePEM))
    try pair.shakeHands()
    try pair.client.write([9].span)
    try pair.carry()
    #expect(try TLSPair.drain(pair.server) == ([9], .wantsInput))
  }

  @Test func refusesAClientWithoutACertificate() throws {
    let pair = try TLSPair(
      client: .client(trust: trust), server: .server(identity: identity, clientAuthorities: authority.certificatePEM))
    let reason = OpenSSLError(function: "SSL_do_handshake", reason: "peer did not return a certificate")
    #expect(throws: TLSError.handshake(name: "the client", reason)) { try pair.shakeHands() }
    #expect(throws: TLSError.self) { try TLSPair.drain(pair.client) }
  }

  @Test func refusesAClientCertificateOfAnother() throws {
    let stranger = try SelfSignedAuthority(name: "Stranger").issue(commonName: "client", names: [])
    let pair = try TLSPair(
      client: .client(trust: trust, identity: stranger),
      server: .server(identity: identity, clientAuthorities: authority.certificatePEM))
    #expect {
      try pair.shakeHands()
    } throws: { error in
      guard case TLSError.certificate("the client", _) = error else { return false }
      return true
    }
  }

  // MARK: ALPN

  @Test(
    arguments: [
      (["h2", "http/1.1"], ["h2", "http/1.1"], "h2"), (["http/1.1", "h2"], ["h2", "http/1.1"], "h2"),
      (["http/1.1"], ["h2", "http/1.1"], "http/1.1"), ([], ["h2"], nil), (["h2"], [], nil),
    ] as [([String], [String], String?)])
  func agreesOnTheServersFavourite(offered: [String], spoken: [String], agreed: String?) throws {
    let pair = try pair(clientProtocols: offered, serverProtocols: spoken)
    try pair.shakeHands()
    #expect(pair.client.applicationProtocol == agreed)
    #expect(pair.server.applicationProtocol == agreed)
  }

  @Test func refusesAClientThatSpeaksNothingWeDo() throws {
    let pair = try pair(clientProtocols: ["spdy/3"], serverProtocols: ["h2"])
    #expect(throws: TLSError.self) { try pair.shakeHands() }
  }

  @Test(arguments: ["", String(repeating: "a", count: 256)]) func refusesProtocolNamesThatALPNCannotCarry(name: String) {
    #expect(throws: TLSError.self) { try TLSContext.client(applicationProtocols: [name]) }
  }
}
