import HTTP
import HTTPServer
import Synchronization
import Telemetry
import TestSupport
import Testing
import Transport

/// One test after the other: each has a server and clients that wait for clocks, and hundreds of tests run beside them.
@Suite(.serialized, .timeLimit(.minutes(5))) struct HTTPListenerTests {
  private static func get(_ path: String, _ rest: String = "") -> String { "GET \(path) HTTP/1.1\r\nHost: a\r\n\(rest)\r\n" }
  private static func post(_ path: String, _ content: String, _ rest: String = "") -> String {
    "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: \(content.utf8.count)\r\n\(rest)\r\n\(content)"
  }

  @Test func servesOneRequestAfterTheOther() async throws {
    let server = try ServedListener()
    let client = try server.connect()
    for _ in 0..<3 {
      client.send(Self.post("/echo", "hello"))
      #expect(summaries(await client.received(through: "hello")) == ["200 OK: hello"])
      client.send(Self.get("/empty"))
      #expect(summaries(await client.received(through: "\r\n\r\n")) == ["204 No Content"])
    }
    await server.listener.drain(within: .milliseconds(50))
    #expect(await client.received() == "")
  }

  @Test func answersPipelinedRequestsInOrderAlsoWhenTheFirstIsLate() async throws {
    let server = try ServedListener()
    let client = try server.connect()
    client.send(
      Self.get("/late") + Self.post("/echo", "1") + Self.get("/refuse") + Self.post("/echo", "2", "Connection: close\r\n"))
    let responder = try #require(await server.service.nextLate())
    await Task.detached { responder.send(HTTPResponse(.accepted, content: Array("0".utf8))) }.value
    // A second answer does nothing.
    responder.send(HTTPResponse(.ok))
    #expect(summaries(await client.received()) == ["202 Accepted: 0", "200 OK: 1", "403 Forbidden: no", "200 OK: 2"])
    await server.listener.drain(within: .milliseconds(50))
  }

  /// An answer may be owed for hours, and whoever waited for it asks again and again.
  @Test func closesASocketThatIsGoneWhileItsAnswerIsOwed() async throws {
    let server = try ServedListener()
    var client: RawConnectionBox? = RawConnectionBox(try server.connect())
    client?.connection.resetWhenReleased()
    client?.connection.send(Self.get("/late"))
    let responder = try #require(await server.service.nextLate())
    let sockets = openSockets(at: server.port)
    #expect(sockets.count == 2, "the listening one and the connection")
    client = nil
    while !server.registry.text().contains("relaunch_http_connections{listener=\"test\"} 0\n") { await Task.yield() }
    // What is on the loop after the end of the connection comes after its release.
    await server.listener.drain(within: .milliseconds(50))
    #expect(sockets.isDisjoint(with: openSockets()))
    responder.send(HTTPResponse(.ok))
  }

  @Test func answersEverythingThatCameBeforeAHalfClose() async throws {
    let server = try ServedListener()
    let client = try server.connect()
    client.send(Self.post("/echo", "1") + Self.post("/echo", "2") + Self.get("/big"))
    client.finishSending()
    let text = await client.received()
    #expect(text.hasSuffix("b") && !text.contains("<"))
    #expect(summaries(text).map { $0.prefix(9) } == ["200 OK: 1", "200 OK: 2", "200 OK: b"])
    #expect(text.utf8.count > 4 << 20)
    await server.listener.drain(within: .milliseconds(50))
  }

  @Test func sendsABigLastAnswerWhole() async throws {
    let server = try ServedListener()
    let client = try server.connect()
    client.send(Self.get("/big", "Connection: close\r\n"))
    client.finishSending()
    let text = await client.received()
    #expect(text.utf8.count > 4 << 20 && text.hasSuffix("b"))
    await server.listener.drain(within: .milliseconds(50))
  }

  @Test func goesOnSendingToAPeerThatHalfClosesInTheMiddleOfTheAnswer() async throws {
    let server = try ServedListener { $0.unsentBytesLimit = 128 << 20 }
    let client = try server.connect()
    client.send(Self.get("/huge"))
    _ = await client.received(through: "\r\n\r\n")
    client.finishSending()
    #expect(await client.received().utf8.count == 64 << 20)
    await server.listener.drain(within: .milliseconds(50))
  }

  @Test func refusesByTheHeadAndStillDeliversTheAnswerToASenderOfContent() async throws {
    let server = try ServedListener()
    let client = try server.connect()
    client.send("POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n" + String(repeating: "x", count: 150_000))
    let text = await client.received()
    #expect(summaries(text) == ["403 Forbidden: no"])
    #expect(text.contains("connection: close\r\n"))
    await server.listener.drain(within: .milliseconds(50))
  }

  @Test func asksForContentThatWaitsForIt() async throws {
    let server = try ServedListener()
    let client = try server.connect()
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    #expect(await client.received(through: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
    client.send("hi")
    #expect(summaries(await client.received(through: "hi")) == ["200 OK: hi"])
    client.send("POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    #expect(summaries(await client.received()) == ["403 Forbidden: no"])
    await server.listener.drain(within: .milliseconds(50))
  }

  @Test(arguments: [
    (
      post("/empty", "12345678901"), "413 Content Too Large",
      "relaunch_http_limits_total{listener=\"test\",limit=\"contentBytes\"}"
    ),
    (
      "POST /empty HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n12345678901\r\n0\r\n\r\n",
      "413 Content Too Large", "relaunch_http_limits_total{listener=\"test\",limit=\"contentBytes\"}"
    ),
    ("NONSENSE\r\n\r\n", "400 Bad Request", "relaunch_http_malformed_requests_total{listener=\"test\"}"),
    (
      "GET / HTTP/2.0\r\nHost: a\r\n\r\n", "505 HTTP Version Not Supported",
      "relaunch_http_malformed_requests_total{listener=\"test\"}"
    ),
  ])
  func answersWhatItCannotReadAndCloses(_ request: String, _ status: String, _ metric: String) async throws {
    let server = try ServedListener()
    let client = try server.connect()
    client.send(request + Self.get("/empty"))
    let text = await client.received()
    #expect(text.hasPrefix("HTTP/1.1 \(status)\r\n") && text.contains("\r\nconnection: close\r\n") && !text.contains(" 204 "))
    #expect(server.registry.text().contains("\(metric) 1\n"))
    await server.listener.drain(within: .milliseconds(50))
  }

  @Test(arguments: ["GET / HT", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe"])
  func answers408ToASlowRequest(_ part: String) async throws {
    let server = try ServedListener {
      $0.headDeadline = .milliseconds(10)
      $0.contentDeadline = .milliseconds(10)
    }
    let client = try server.connect()
    client.send(part)
    let answers = summaries(await client.received())
    #expect(answers.count == 1 && answers[0].hasPrefix("408 Request Timeout"), "\(answers)")
    await server.listener.drain(within: .milliseconds(50))
  }

  @Test func answers408ToContentThatComesTooSlowly() async throws {
    let server = try ServedListener {
      $0.contentRateGrace = .milliseconds(10)
      $0.contentBytesPerSecond = 1 << 20
    }
    let client = try server.connect()
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\nhe")
    #expect(await client.received().hasPrefix("HTTP/1.1 408 "))
    #expect([server.hits("contentRate"), server.hits("contentDeadline")] == [1, 0])
    await server.listener.drain(within: .milliseconds(50))
  }

  @Test func refusesAHeadThatIsTooLarge() async throws {
    let server = try ServedListener { $0.headBytesLimit = 1024 }
    let client = try server.connect()
    client.send(Self.get("/empty", "X: \(String(repeating: "x", count: 1024))\r\n"))
    #expect(await client.received().hasPrefix("HTTP/1.1 431 "))
    #expect(server.hits("headBytes") == 1)
    await server.listener.drain(within: .milliseconds(50))
  }

  // MARK: Content of a request that its head has answered

  @Test func aConnectionGoesOnAfterALittleContentThatNobodyWanted() async throws {
    let server = try ServedListener()
    let client = try server.connect()
    let chunked = "POST /refuse HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    client.send(Self.post("/refuse", "hello") + chunked + Self.post("/echo", "wanted"))
    #expect(
      summaries(await client.received(through: "wanted")) == ["403 Forbidden: no", "403 Forbidden: no", "200 OK: wanted"])
    await server.listener.drain(within: .milliseconds(50))
  }

  @Test func contentThatNobodyWantedMustBeValid() async throws {
    let server = try ServedListener()
    let client = try server.connect()
    client.send("POST /refuse HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n" + Self.get("/empty"))
    let text = await client.received()
    #expect(text.hasPrefix("HTTP/1.1 400 ") && text.contains("\r\nconnection: close\r\n") && !text.contains(" 204 "))
    await server.listener.drain(within: .milliseconds(50))
  }

  @Test func muchContentThatNobodyWantedEndsTheConnection() async throws {
    let server = try ServedListener()
    let client = try server.connect()
    let chunk = "8000\r\n\(String(repeating: "x", count: 0x8000))\r\n"
    client.send("POST /refuse HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(chunk)\(chunk)1\r\nx\r\n")
    let text = await client.received()
    #expect(text.hasPrefix("HTTP/1.1 413 ") && text.contains("\r\nconnection: close\r\n"))
    await server.listener.drain(within: .milliseconds(50))
  }

  @Test func closesAnIdleConnectionWithoutAWord() async throws {
    let server = try ServedListener { $0.idleDeadline = .milliseconds(10) }
    let client = try server.connect()
    #expect(await client.received() == "")
    await server.listener.drain(within: .milliseconds(50))
  }

  @Test func givesUpOnAnAnswerThatNeverComes() async throws {
    let server = try ServedListener { $0.answerDeadline = .milliseconds(10) }
    let client = try server.connect()
    client.send(Self.get("/late"))
    #expect(await client.received() == "")
    let responder = try #require(await server.service.nextLate())
    responder.send(HTTPResponse(.ok))
    await server.listener.drain(within: .milliseconds(50))
  }

  @Test func givesUpOnAPeerThatDoesNotRead() async throws {
    let server = try ServedListener { $0.writeDeadline = .milliseconds(10) }
    let client = try server.connect()
    client.send(Self.get("/huge"))
    // Nothing is read until the server has given up.
    while !server.registry.text().contains("relaunch_http_limits_total{listener=\"test\",limit=\"writeDeadline\"} 1\n") {
      await Task.yield()
    }
    #expect(await client.received().utf8.count < 64 << 20)
    await server.listener.drain(within: .milliseconds(50))
  }

  /// Bytes of a next request buy no time.
  @Test func givesUpOnAPeerThatSendsButDoesNotRead() async throws {
    let server = try ServedListener {
      $0.writeDeadline = .milliseconds(500)
      $0.unsentBytesLimit = 128 << 20
    }
    let client = try server.connect()
    client.send(Self.get("/huge"))
    try await repeatedly(for: .milliseconds(2500)) { client.send("G") }
    #expect(server.hits("writeDeadline") == 1)
    await server.listener.drain(within: .milliseconds(50))
  }

  /// The kernel takes more of an answer in leaps: while it takes nothing, the peer may read all the same.
  @Test func aPeerThatReadsSlowlyButSteadilyGetsItAll() async throws {
    let server = try ServedListener { $0.writeDeadline = .milliseconds(1000) }
    let client = try server.connect()
    client.send(Self.get("/huge", "Connection: close\r\n"))
    let count = Atomic(0)
    try await repeatedly(for: .milliseconds(3600)) { count.add(client.readBytes(limit: 16 << 10).count, ordering: .relaxed) }
    #expect(server.hits("writeDeadline") == 0)
    #expect(await client.received().utf8.count + count.load(ordering: .relaxed) > 64 << 20)
    await server.listener.drain(within: .milliseconds(50))
  }

  @Test func holdsFurtherRequestsBackWhileAnswersAreNotRead() async throws {
    let server = try ServedListener()
    let client = try server.connect()
    client.send(Self.get("/huge") + Self.get("/empty") + Self.get("/echo", "Connection: close\r\n"))
    await server.bites("unsentBytes")
    #expect(server.dispatchedCount == 1)
    let text = await client.received()
    #expect(text.utf8.count > 64 << 20 && text.contains("HTTP/1.1 204 ") && text.contains("connection: close"))
    #expect(server.dispatchedCount == 3)
    await server.listener.drain(within: .milliseconds(50))
  }

  @Test func survivesAClientThatResetsWhileItIsServed() async throws {
    let server = try ServedListener()
    var client: RawConnectionBox? = RawConnectionBox(try server.connect())
    client?.connection.send(Self.get("/late"))
    let responder = try #require(await server.service.nextLate())
    client?.connection.resetWhenReleased()
    client = nil
    responder.send(HTTPResponse(.ok))
    let next = try server.connect()
    next.send(Self.get("/empty"))
    #expect(summaries(await next.received(through: "\r\n\r\n")) == ["204 No Content"])
    await server.listener.drain(within: .milliseconds(50))
  }

  @Test func drainsBusyConnectionsWithTheirAnswer() async throws {
    let server = try ServedListener()
    let (busy, idle) = (try server.connect(), try server.connect())
    idle.send(Self.get("/empty"))
    #expect(summaries(await idle.received(through: "\r\n\r\n")) == ["204 No Content"])
    busy.send(Self.get("/late") + Self.get("/empty"))
    let responder = try #require(await server.service.nextLate())
    async let drained: Void = server.listener.drain(within: .seconds(30))
    // The idle one is closed first, which tells that draining has begun.
    #expect(await idle.received() == "")
    #expect(throws: (any Error).self) { try server.connect() }
    responder.send(HTTPResponse(.ok, content: [0x61]))
    let text = await busy.received()
    #expect(summaries(text) == ["200 OK: a"])
    #expect(text.contains("connection: close\r\n"))
    await drained
  }

  @Test func drainsWithinItsLimit() async throws {
    let server = try ServedListener()
    let client = try server.connect()
    client.send(Self.get("/late"))
    _ = await server.service.nextLate()
    await server.listener.drain(within: .milliseconds(10))
    #expect(await client.received() == "")
    // Again, and without connections: at once.
    await server.listener.drain(within: .seconds(30))
  }

  @Test func aConnectionOverTheLimitTakesThePlaceOfTheOneThatWasIdleLongest() async throws {
    let server = try ServedListener { $0.connectionsLimit = 2 }
    let clients = [try server.connect(), try server.connect()]
    for client in clients {
      client.send(Self.get("/empty"))
      _ = await client.received(through: "\r\n\r\n")
    }
    let third = try server.connect()
    #expect(await clients[0].received() == "")
    for client in [clients[1], third] {
      client.send(Self.get("/empty", "Connection: close\r\n"))
      #expect(summaries(await client.received()) == ["204 No Content"])
    }
    #expect(server.registry.text().contains("relaunch_http_limits_total{listener=\"test\",limit=\"connections\"} 1\n"))
    await server.listener.drain(within: .milliseconds(50))
  }

  @Test func aSlowHeadMakesRoomBeforeAConnectionThatIsServed() async throws {
    let server = try ServedListener { $0.connectionsLimit = 2 }
    let served = try server.connect()
    served.send(Self.get("/late", "Connection: close\r\n"))
    let responder = try #require(await server.service.nextLate())
    let slow = try server.connect()
    slow.send("GET / HT")
    while server.connectionCount < 2 { await Task.yield() }
    let third = try server.connect()
    #expect(await slow.received() == "")
    responder.send(HTTPResponse(.noContent))
    #expect(summaries(await served.received()) == ["204 No Content"])
    third.send(Self.get("/empty", "Connection: close\r\n"))
    #expect(summaries(await third.received()) == ["204 No Content"])
    await server.listener.drain(within: .milliseconds(50))
  }

  @Test func endsAfterTheLastRequestThatIsAllowed() async throws {
    let server = try ServedListener { $0.requestsLimit = 2 }
    let client = try server.connect()
    client.send(Self.get("/empty") + Self.post("/echo", "2") + Self.post("/echo", "3"))
    let text = await client.received()
    #expect(summaries(text) == ["204 No Content", "200 OK: 2"])
    #expect(text.contains("connection: close\r\n"))
    #expect(server.hits("requests") == 1)
    await server.listener.drain(within: .milliseconds(50))
  }

  @Test(arguments: ["connections", "connectionsPerAddress"])
  func refusesConnectionsOverTheLimitWhereNoneIsIdle(_ limit: String) async throws {
    let server = try ServedListener {
      if limit == "connections" { $0.connectionsLimit = 1 } else { $0.connectionsPerAddressLimit = 1 }
      $0.exemptsLoopback = false
    }
    let first = try server.connect()
    first.send(Self.get("/late", "Connection: close\r\n"))
    let responder = try #require(await server.service.nextLate())
    #expect(await (try server.connect()).received() == "")
    #expect(server.registry.text().contains("relaunch_http_limits_total{listener=\"test\",limit=\"\(limit)\"} 1\n"))
    responder.send(HTTPResponse(.noContent))
    #expect(summaries(await first.received()) == ["204 No Content"])
    await server.listener.drain(within: .milliseconds(50))
    #expect(server.registry.text().contains("relaunch_http_connections{listener=\"test\"} 0\n"))
  }

  @Test func answersHeadWithoutContent() async throws {
    let server = try ServedListener()
    let client = try server.connect()
    client.send("HEAD /refuse HTTP/1.1\r\nHost: a\r\n\r\n" + Self.post("/echo", "x", "Connection: close\r\n"))
    let text = await client.received()
    #expect(summaries(text) == ["403 Forbidden", "200 OK: x"])
    #expect(text.contains("content-length: 2\r\n"))
    await server.listener.drain(within: .milliseconds(50))
  }
}
