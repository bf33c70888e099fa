import HTTP
import HTTP2
import HTTPServer
import Locks
import TestSupport
import Testing

/// HTTP/2 with prior knowledge, through a listener.
///
/// One test after the other: each has a server and clients that wait for clocks, and hundreds of tests run beside them.
@Suite(.serialized, .timeLimit(.minutes(5))) struct HTTP2ListenerTests {
  private static let big = 4 << 20

  private func end(_ server: ServedListener) async {
    await server.listener.drain(within: .milliseconds(50))
    #expect(server.connectionCount == 0)
  }

  // MARK: Requests

  @Test func answersManyRequestsAtOnceInAnyOrder() async throws {
    let server = try ServedListener()
    let client = try HTTP2Client(server)
    let ids = try (0..<50).map { _ in try client.get("/late") }
    try client.flush()
    var responders: [Responder] = []
    for _ in ids { responders.append(try #require(await server.service.nextLate())) }
    for responder in responders.reversed() { responder.send(HTTPResponse(.noContent)) }
    #expect(try await client.talk { client.order.count == ids.count })
    #expect(client.order == ids.reversed())
    #expect(server.answers(204) == 50)
    await end(server)
  }

  @Test func carriesContentBothWays() async throws {
    let server = try ServedListener()
    let client = try HTTP2Client(server)
    let (small, large) = (try client.post("/echo", 3), try client.post("/echo", 100_000))
    #expect(try await client.response(to: small) == "200 bbb")
    #expect(try await client.response(to: large) == "200 " + String(repeating: "b", count: 100_000))
    let refused = try client.post("/refuse", 20_000)
    #expect(try await client.response(to: refused) == "403 no")
    #expect(try await client.response(to: try client.get("/empty")) == "204 ")
    await end(server)
  }

  @Test func anAnswerToARequestThatWasTakenBackDoesNothing() async throws {
    let server = try ServedListener()
    let client = try HTTP2Client(server)
    let id = try client.get("/late")
    try client.flush()
    let responder = try #require(await server.service.nextLate())
    client.session.cancel(id)
    client.session.ping()
    try await client.talk { client.pongs == 1 }
    responder.send(HTTPResponse(.ok))
    #expect(try await client.response(to: try client.get("/empty")) == "204 ")
    #expect(server.answers(200) == 0)
    await end(server)
  }

  @Test func refusesWhatIsTooLarge() async throws {
    let server = try ServedListener { $0.headBytesLimit = 1024 }
    let client = try HTTP2Client(server)
    let content = try client.post("/empty", 11)
    #expect(try await client.response(to: content).hasPrefix("413 "))
    let head = try client.get("/empty", [("x", String(repeating: "x", count: 1024))])
    #expect(try await client.response(to: head).hasPrefix("431 "))
    #expect([server.hits("contentBytes"), server.hits("headBytes")] == [1, 1])
    #expect(try await client.response(to: try client.get("/empty")) == "204 ")
    await end(server)
  }

  // MARK: The preface

  @Test func speaksBothVersionsOnOnePortHoweverThePrefaceIsCut() async throws {
    let server = try ServedListener()
    for count in 1...HTTP2Preface.bytes.count {
      let client = try HTTP2Client(server)
      let id = try client.get("/empty")
      let rest = try client.flushPrefix(count)
      try await server.settle()
      try client.wire.send(rest)
      #expect(try await client.response(to: id) == "204 ", "cut at \(count)")
    }
    await end(server)
  }

  /// The preface begins with the first letter of POST.
  @Test func readsARequestOfHTTP1ThatComesByteByByte() async throws {
    let server = try ServedListener()
    let client = try server.connect()
    for byte in "POST /ec".utf8 {
      client.send([byte])
      try await server.settle()
    }
    client.send("ho HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
    #expect(summaries(await client.received()) == ["200 OK: hi"])
    await end(server)
  }

  @Test(arguments: [10, HTTP2Preface.bytes.count]) func closesWhereThePrefaceDoesNotEnd(_ count: Int) async throws {
    let server = try ServedListener { $0.headDeadline = .milliseconds(10) }
    let client = try server.connect()
    client.send(Array(HTTP2Preface.bytes.prefix(count)))
    _ = await client.received()
    #expect(server.hits("headDeadline") == 1)
    await end(server)
  }

  // MARK: Clocks

  /// The last byte of a head, with HTTP/2, is that of its frame.
  @Test func closesWhereAHeadDoesNotEnd() async throws {
    let server = try ServedListener { $0.headDeadline = .milliseconds(10) }
    let client = try HTTP2Client(server)
    #expect(try await client.response(to: try client.get("/empty")) == "204 ")
    _ = try client.get("/empty")
    try client.flush(withholding: 1)
    while try await client.hear() {}
    #expect(server.hits("headDeadline") == 1)
    await end(server)
  }

  @Test func answers408WhereContentDoesNotEndAndGivesTheStreamUp() async throws {
    let server = try ServedListener {
      $0.contentDeadline = .milliseconds(10)
      $0.writeDeadline = .milliseconds(10)
    }
    let client = try HTTP2Client(server)
    let id = try client.post("/echo", 20_000)
    // All but the last DATA frame.
    try client.flush(withholding: 9 + 20_000 - 16_384)
    while client.responses[id]?.status != 408 { try #require(try await client.hear()) }
    #expect(server.hits("contentDeadline") == 1)
    // The stream does not stay open for the rest: a drain need not wait for it.
    await server.listener.drain(within: .seconds(60))
    #expect(server.answers(408) == 1)
    #expect(server.hits("contentDeadline") == 1)
  }

  /// Neither the rest of a request nor its answer is owed for ever, and who owes it can be closed in favour of others.
  @Test func aRequestThatWasRefusedByItsHeadDoesNotKeepTheConnection() async throws {
    let server = try ServedListener {
      $0.contentDeadline = .milliseconds(10)
      $0.idleDeadline = .milliseconds(10)
      $0.writeDeadline = .milliseconds(10)
    }
    let client = try HTTP2Client(server)
    let id = try client.post("/refuse", 20_000)
    try client.flush(withholding: 9 + 20_000 - 16_384)
    while try await client.hear() {}
    #expect(client.responses[id]?.text.hasPrefix("408 ") == true)
    #expect(server.answers(408) == 1)
    #expect(client.goAways.first == .noError)
    await end(server)
  }

  @Test func answers408ToContentThatComesTooSlowly() async throws {
    let server = try ServedListener {
      $0.contentRateGrace = .milliseconds(10)
      $0.contentBytesPerSecond = 1 << 20
    }
    let client = try HTTP2Client(server)
    let id = try client.post("/echo", 20_000)
    try client.flush(withholding: 9 + 20_000 - 16_384)
    while client.responses[id]?.isComplete != true { try #require(try await client.hear()) }
    #expect(client.responses[id]?.text.hasPrefix("408 the content arrives at less") == true)
    #expect(server.hits("contentRate") == 1)
  }

  @Test func answers503WhereTheServiceDoesNotAnswer() async throws {
    let server = try ServedListener { $0.answerDeadline = .milliseconds(10) }
    let client = try HTTP2Client(server)
    let id = try client.get("/late")
    try client.flush()
    let responder = try #require(await server.service.nextLate())
    #expect(try await client.response(to: id).hasPrefix("503 "))
    responder.send(HTTPResponse(.ok))
    #expect(try await client.response(to: try client.get("/empty")) == "204 ")
    #expect([server.hits("answerDeadline"), server.answers(503), server.answers(200)] == [1, 1, 0])
    await end(server)
  }

  @Test func endsAnIdleConnectionInOrder() async throws {
    let server = try ServedListener { $0.idleDeadline = .milliseconds(10) }
    let client = try HTTP2Client(server)
    #expect(try await client.response(to: try client.get("/empty")) == "204 ")
    try await client.talkToTheEnd()
    #expect(client.goAways.first == .noError)
    #expect(client.failures.isEmpty)
    #expect(server.hits("idleDeadline") == 1)
    await end(server)
  }

  /// The clocks are looked at once a second; what they must not see is the state at that moment alone.
  @Test func aConnectionThatIsUsedAtTimesIsNotIdle() async throws {
    let server = try ServedListener { $0.idleDeadline = .milliseconds(1500) }
    let client = Carried(try HTTP2Client(server))
    try await repeatedly(for: .milliseconds(3600)) {
      let id = try client.value.get("/empty")
      #expect(try client.value.responseHere(to: id) == "204 ")
    }
    #expect(client.value.goAways.isEmpty)
    #expect(server.hits("idleDeadline") == 0)
    await end(server)
  }

  @Test func aConnectionThatIsAlwaysInTheMiddleOfSomeFrameIsNotSlow() async throws {
    let server = try ServedListener {
      $0.headDeadline = .milliseconds(1500)
      $0.contentDeadline = .milliseconds(1500)
    }
    let client = Carried(try HTTP2Client(server))
    let last = Mutex<HTTP2StreamID?>(nil)
    try await repeatedly(for: .milliseconds(3600)) {
      let client = client.value
      let before = last.withLock { $0 }
      let id = try client.get("/empty")
      last.withLock { $0 = id }
      try client.flush(withholding: 3)
      while let before, client.responses[before]?.isComplete != true { try #require(client.hearHere()) }
    }
    #expect(server.hits("headDeadline") + server.hits("contentDeadline") == 0)
    let id = try #require(last.withLock { $0 })
    #expect(try await client.value.response(to: id) == "204 ")
    await end(server)
  }

  // MARK: Readers

  @Test func givesUpOnAPeerThatGivesNoCredit() async throws {
    let server = try ServedListener { $0.writeDeadline = .milliseconds(10) }
    let client = try HTTP2Client(server)
    client.consumes = false
    _ = try client.get("/big")
    try await client.talkToTheEnd()
    #expect(server.hits("writeDeadline") == 1)
    await end(server)
  }

  @Test func aPeerThatReadsSlowlyButSteadilyGetsItAll() async throws {
    let server = try ServedListener { $0.writeDeadline = .milliseconds(1500) }
    let client = Carried(try HTTP2Client(server))
    client.value.consumes = false
    let id = try client.value.get("/big")
    try client.value.flush()
    try await repeatedly(for: .milliseconds(3600)) {
      try #require(client.value.hearHere(limit: 4096))
      client.value.session.consumed(4096, on: id)
      try client.value.flush()
    }
    #expect(server.hits("writeDeadline") == 0)
    client.value.consumes = true
    client.value.session.consumed(Self.big, on: id)
    #expect(try await client.value.response(to: id).utf8.count == Self.big + 4)
    await end(server)
  }

  @Test func holdsFurtherRequestsBackWhileAnswersAreNotRead() async throws {
    let server = try ServedListener()
    let client = try HTTP2Client(server) {
      $0.streamWindowBytes = 64 << 20
      $0.connectionWindowBytes = 256 << 20
    }
    var ids = try (0..<5).map { _ in try client.get("/big") }
    try client.flush()
    await server.bites("unsentBytes")
    let count = server.dispatchedCount
    for _ in 0..<20 {
      ids.append(try client.get("/echo"))
      try client.flush()
      try await server.settle()
    }
    // Those of `settle` came on connections of their own.
    #expect(server.dispatchedCount == count + 20)
    try await client.talk { client.order.count == ids.count }
    #expect(ids.prefix(5).allSatisfy { client.responses[$0]?.content.count == Self.big })
    #expect(server.dispatchedCount == 25 + 20)
    await end(server)
  }

  /// The answers of one turn leave at its end, which makes room for requests that were held back, and these belong to the turn too.
  @Test func theTurnEndsForRequestsThatWereHeldBackInIt() async throws {
    let server = try ServedListener { $0.unsentBytesLimit = 64 }
    let client = try HTTP2Client(server)
    #expect(try await client.response(to: try client.get("/empty")) == "204 ")
    for _ in 0..<20 { _ = try client.get("/refuse") }
    #expect(try await client.response(to: try client.get("/turn")) == "200 turn")
    await end(server)
  }

  // MARK: The end

  @Test func drainsWithTheAnswersThatAreOwed() async throws {
    let server = try ServedListener()
    let client = try HTTP2Client(server)
    let id = try client.get("/late")
    try client.flush()
    let responder = try #require(await server.service.nextLate())
    async let drained: Void = server.listener.drain(within: .seconds(60))
    #expect(try await client.talk { client.goAways.count == 2 })
    #expect(throws: (any Error).self) { try server.connect() }
    responder.send(HTTPResponse(.ok, text: "late"))
    try await client.talkToTheEnd()
    #expect(client.responses[id]?.text == "200 late")
    await drained
  }

  @Test func drainsAnIdleConnectionAtOnce() async throws {
    let server = try ServedListener()
    let client = try HTTP2Client(server)
    #expect(try await client.response(to: try client.get("/empty")) == "204 ")
    async let drained: Void = server.listener.drain(within: .seconds(60))
    try await client.talkToTheEnd()
    #expect(client.goAways.first == .noError)
    await drained
    #expect(server.hits("writeDeadline") == 0)
  }

  /// A client that is gone answers no PING.
  @Test func givesUpOnAPeerThatDoesNotAnswerTheGoodbye() async throws {
    let server = try ServedListener { $0.writeDeadline = .milliseconds(10) }
    let client = try HTTP2Client(server)
    #expect(try await client.response(to: try client.get("/empty")) == "204 ")
    await server.listener.drain(within: .seconds(60))
    #expect(server.hits("writeDeadline") == 1)
  }

  @Test func answersWhatCameBeforeAHalfCloseAndEnds() async throws {
    let server = try ServedListener()
    let client = try HTTP2Client(server)
    let ids = [try client.get("/late"), try client.get("/refuse"), try client.post("/echo", 1000)]
    try client.flushAndFinish()
    let responder = try #require(await server.service.nextLate())
    responder.send(HTTPResponse(.ok, text: "late"))
    while try await client.hear() {}
    #expect(ids.map { client.responses[$0]?.status } == [200, 403, 200])
    while server.connectionCount != 0 { await Task.yield() }
    await end(server)
  }

  @Test func aRequestThatCannotBecomeWholeIsGoneWithItsSender() async throws {
    let server = try ServedListener()
    let client = try HTTP2Client(server)
    _ = try client.post("/echo", 1000)
    try client.flush(withholding: 10)
    client.wire.connection.finishSending()
    while try await client.hear() {}
    await end(server)
  }

  @Test func endsAfterTheLastRequestThatIsAllowed() async throws {
    let server = try ServedListener { $0.requestsLimit = 3 }
    let client = try HTTP2Client(server)
    let ids = try (0..<5).map { _ in try client.get("/empty") }
    try await client.talkToTheEnd()
    #expect(client.order == Array(ids.prefix(3)))
    #expect(ids.suffix(2).map { client.failures[$0] } == [.notProcessed, .notProcessed])
    #expect(server.hits("requests") == 1)
    await end(server)
  }

  @Test func refusesStreamsBeyondTheLimit() async throws {
    let server = try ServedListener { $0.streamsLimit = 2 }
    let client = try HTTP2Client(server)
    // Before the server's SETTINGS have come the client believes in 100.
    let ids = try (0..<3).map { _ in try client.get("/late") }
    #expect(try await client.response(to: ids[2]) == "\(HTTP2StreamError.notProcessed)")
    for _ in 0..<2 { try #require(await server.service.nextLate()).send(HTTPResponse(.noContent)) }
    try await client.talk { client.order.count == 2 }
    #expect(server.hits("streams") == 1)
    await end(server)
  }

  @Test func endsAFloodOfResets() async throws {
    let server = try ServedListener()
    let client = try HTTP2Client(server)
    #expect(try await client.response(to: try client.get("/empty")) == "204 ")
    for _ in 0..<200 where !client.isFinished {
      client.session.cancel(try client.get("/late"))
      try client.flush()
    }
    try await client.talk { !client.goAways.isEmpty || client.isClosed }
    #expect(client.goAways == [.enhanceYourCalm])
    #expect(server.hits("resets") == 1)
    await end(server)
  }

  // MARK: Room

  /// The connection that was there first has just been used; the other has let us wait for the rest of its head.
  @Test func aSlowHeadMakesRoomBeforeAConnectionThatIsUsed() async throws {
    let server = try ServedListener { $0.connectionsLimit = 2 }
    let used = try HTTP2Client(server)
    #expect(try await used.response(to: try used.get("/empty")) == "204 ")
    let slow = try server.connect()
    slow.send("GET / HT")
    while server.connectionCount != 2 { await Task.yield() }
    for _ in 0..<2 { #expect(try await used.response(to: try used.get("/empty")) == "204 ") }
    let third = try server.connect()
    #expect(await slow.received() == "")
    #expect(try await used.response(to: try used.get("/empty")) == "204 ")
    third.send("GET /empty HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    #expect(summaries(await third.received()) == ["204 No Content"])
    await end(server)
  }

  @Test func whoOwesTheRestOfARefusedRequestMakesRoom() async throws {
    let server = try ServedListener { $0.connectionsLimit = 1 }
    let client = try HTTP2Client(server)
    _ = try client.post("/refuse", 20_000)
    try client.flush(withholding: 9 + 20_000 - 16_384)
    while server.dispatchedCount != 1 { await Task.yield() }
    let second = try server.connect()
    while try await client.hear() {}
    second.send("GET /empty HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    #expect(summaries(await second.received()) == ["204 No Content"])
    await end(server)
  }
}
