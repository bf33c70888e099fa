import HTTP
import HTTPClient
import Testing

/// The client against servers that refuse, vanish and break the protocol.
@Suite(.timeLimit(.minutes(5))) struct HTTP2FaultTests {
  private typealias Frame = FrameServer.Frame

  private func lost(_ server: FrameServer, _ reason: String) -> HTTPClientError {
    .connectionLost(origin: server.origin.description, reason: reason)
  }

  @Test(arguments: [HTTPMethod.get, .patch])
  func aRefusedStreamIsSentAgainWhateverItsMethod(_ method: HTTPMethod) async throws {
    let server = try FrameServer { frame, peer in
      guard frame.kind == .headers else { return }
      peer.send(peer.number < 3 ? .reset(frame.stream, 7) : .head(frame.stream, ends: true))
    }
    let client = try server.client()
    #expect(await outcome(client, method, server.origin).status == .ok)
    client.shutDown()
  }

  @Test func callsWaitForTheFirstConnectionRatherThanMakeMore() async throws {
    let server = try FrameServer { frame, peer in if frame.kind == .headers { peer.send(.head(frame.stream, ends: true)) } }
    let client = try server.client()
    let results = await withTaskGroup(of: HTTPStatus?.self) { group in
      for _ in 0..<20 { group.addTask { await outcome(client, .patch, server.origin).status } }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(results == Array(repeating: .ok, count: 20))
    #expect(server.connectionCount == 1)
    client.shutDown()
  }

  @Test func aServerThatRefusesEveryTimeIsNotAskedForEver() async throws {
    let server = try FrameServer { frame, peer in
      if frame.kind == .headers { peer.send(.reset(frame.stream, 7)) }
    }
    let client = try server.client()
    #expect(await outcome(client, .get, server.origin).error == .refused(origin: server.origin.description, times: 4))
    client.shutDown()
  }

  /// RFC 9113 section 6.8: what is above the last stream was not looked at, what is below may have been.
  @Test func afterGoAwayOnlyWhatWasNotLookedAtGoesElsewhere() async throws {
    let server = try FrameServer { frame, peer in
      guard frame.kind == .headers else { return }
      if peer.number > 0 { return peer.send(.head(frame.stream), .data(frame.stream, "elsewhere")) }
      if frame.stream == 3 { peer.send(.goAway(last: 1), .head(1), .data(1, "here")) }
    }
    let client = try server.client()
    async let first = outcome(client, .patch, server.origin)
    _ = await server.next { $0.kind == .headers }
    async let second = outcome(client, .patch, server.origin)
    #expect(try await first.get().content == Array("here".utf8))
    #expect(try await second.get().content == Array("elsewhere".utf8))
    client.shutDown()
  }

  @Test func afterGoAwayNewCallsHaveANewConnectionAndOldOnesFinish() async throws {
    let server = try FrameServer { frame, peer in
      guard frame.kind == .headers else { return }
      // The answer to the PING shows that the client knows.
      if peer.number == 0 { return peer.send(.goAway(last: .max), Frame(kind: .ping, payload: Array("12345678".utf8))) }
      peer.send(.head(frame.stream, ends: true))
      peer.other(0)?.send(.head(1), .data(1, "finished"))
    }
    let client = try server.client()
    async let old = outcome(client, .patch, server.origin)
    _ = await server.next { $0.kind == .ping && $0.flags == 1 }
    #expect(await outcome(client, .patch, server.origin).status == .ok)
    #expect(try await old.get().content == Array("finished".utf8))
    #expect(server.connectionCount == 2)
    client.shutDown()
  }

  /// The first connection ends in the middle of the call.
  private func closesFirst() throws -> FrameServer {
    try FrameServer { frame, peer in
      guard frame.kind == .headers else { return }
      if peer.number == 0 { peer.close() } else { peer.send(.head(frame.stream, ends: true)) }
    }
  }

  @Test func aGetMovesWhenItsConnectionIsLost() async throws {
    let server = try closesFirst()
    let client = try server.client()
    #expect(await outcome(client, .get, server.origin).status == .ok)
    client.shutDown()
  }

  @Test func aPatchDoesNotMoveWhenItsConnectionIsLost() async throws {
    let server = try closesFirst()
    let client = try server.client()
    #expect(await outcome(client, .patch, server.origin).loss != nil)
    #expect(await outcome(client, .patch, server.origin).status == .ok, "the next call has a new connection")
    client.shutDown()
  }

  @Test func aCallMovesOnce() async throws {
    let server = try FrameServer { frame, peer in if frame.kind == .headers { peer.close() } }
    let client = try server.client()
    #expect(await outcome(client, .get, server.origin).loss != nil)
    #expect(await server.next { $0.kind == .headers }?.connection == 0)
    #expect(await server.next { $0.kind == .headers }?.connection == 1)
    client.shutDown()
  }

  @Test func aResponseThatHasBegunIsNotAskedForAgain() async throws {
    let server = try FrameServer { frame, peer in
      guard frame.kind == .headers else { return }
      peer.send(.head(frame.stream), .reset(frame.stream, 2))
    }
    let client = try server.client()
    #expect(
      await outcome(client, .get, server.origin).error == lost(server, "the server reset the stream: INTERNAL_ERROR"))
    client.shutDown()
  }

  @Test func cancellingResetsTheStreamAndNoOther() async throws {
    let server = try FrameServer { frame, peer in
      if frame.kind == .resetStream { peer.send(.head(1), .data(1, "unharmed")) }
    }
    let client = try server.client()
    async let other = outcome(client, .get, server.origin)
    _ = await server.next { $0.kind == .headers }
    let cancelled = Task { await outcome(client, .get, server.origin) }
    _ = await server.next { $0.kind == .headers }
    cancelled.cancel()
    #expect(await cancelled.value.error == lost(server, "the call was cancelled"))
    #expect(try await other.get().content == Array("unharmed".utf8))
    let reset = try #require(await server.next { $0.kind == .resetStream })
    #expect(reset.frame.stream == 3 && reset.frame.number == 8)
    client.shutDown()
  }

  // MARK: Connections that are dead at the other end

  /// Answers the first call and says nothing more on that connection.
  private func fallsSilent() throws -> FrameServer {
    try FrameServer { frame, peer in
      guard frame.kind == .headers, !peer.isMute else { return }
      peer.send(.head(frame.stream, ends: true))
      peer.isMute = peer.number == 0
    }
  }

  @Test func aQuietConnectionMustAnswerBeforeItCarriesACall() async throws {
    let server = try fallsSilent()
    let client = try server.client {
      $0.quietLimit = .zero
      $0.pongDeadline = .milliseconds(50)
    }
    #expect(await outcome(client, .get, server.origin).status == .ok)
    // Not idempotent: had it been sent on the dead connection, it would fail.
    #expect(await outcome(client, .patch, server.origin).status == .ok)
    #expect(await server.next { $0.kind == .headers }?.connection == 0)
    #expect(await server.next { $0.kind == .headers }?.connection == 1)
    client.shutDown()
  }

  @Test func aQuietConnectionThatAnswersIsUsed() async throws {
    let server = try FrameServer { frame, peer in if frame.kind == .headers { peer.send(.head(frame.stream, ends: true)) } }
    let client = try server.client { $0.quietLimit = .zero }
    for _ in 0..<3 { #expect(await outcome(client, .patch, server.origin).status == .ok) }
    for _ in 0..<3 { #expect(await server.next { $0.kind == .headers }?.connection == 0) }
    client.shutDown()
  }

  @Test(arguments: [(HTTPMethod.get, true), (.patch, false)])
  func aConnectionThatDiesUnderACallIsGivenUp(_ method: HTTPMethod, _ moves: Bool) async throws {
    let server = try fallsSilent()
    let client = try server.client {
      $0.answerQuietLimit = .zero
      $0.pongDeadline = .milliseconds(50)
    }
    #expect(await outcome(client, .get, server.origin).status == .ok)
    let result = await outcome(client, method, server.origin)
    if moves {
      #expect(result.status == .ok)
    } else {
      #expect(result.error == lost(server, "the server does not answer a PING within 0.05 seconds"))
    }
    client.shutDown()
  }

  @Test func aCallThatComesWhileAPingIsOpenIsNotSent() async throws {
    let server = try fallsSilent()
    let client = try server.client {
      $0.answerQuietLimit = .zero
      $0.pongDeadline = .milliseconds(300)
    }
    #expect(await outcome(client, .get, server.origin).status == .ok)
    async let dying = outcome(client, .patch, server.origin)
    _ = await server.next { $0.kind == .ping && $0.flags == 0 }
    #expect(await outcome(client, .patch, server.origin).status == .ok, "over another connection")
    #expect(await dying.loss != nil)
    client.shutDown()
  }

  @Test func aServerThatIsSlowButLivesIsWaitedFor() async throws {
    let server = try FrameServer { frame, peer in
      // The second PING has found the connection alive once.
      if frame.kind == .ping, frame.flags == 0, peer.pings == 1 { peer.send(.head(1, ends: true)) }
      if frame.kind == .ping, frame.flags == 0 { peer.pings += 1 }
    }
    let client = try server.client {
      $0.answerQuietLimit = .zero
      $0.pongDeadline = .seconds(10)
    }
    #expect(await outcome(client, .patch, server.origin).status == .ok)
    client.shutDown()
  }

  @Test func anIdleConnectionSaysGoodbye() async throws {
    let server = try FrameServer { frame, peer in if frame.kind == .headers { peer.send(.head(frame.stream, ends: true)) } }
    let client = try server.client { $0.idleLifetime = .zero }
    #expect(await outcome(client, .get, server.origin).status == .ok)
    #expect(await server.next { $0.kind == .goAway }?.connection == 0)
    #expect(await outcome(client, .get, server.origin).status == .ok)
    #expect(await server.next { $0.kind == .headers }?.connection == 1)
    client.shutDown()
  }

  // MARK: Broken servers

  @Test func aMalformedResponseFailsItsCallAlone() async throws {
    let server = try FrameServer { frame, peer in
      guard frame.kind == .headers else { return }
      // `:method`, entry 2 of the static table, has no place in a response.
      if frame.stream == 1 { peer.send(Frame(kind: .headers, flags: 5, stream: 1, payload: [0x82])) }
      if frame.stream == 3 { peer.send(.head(3, ends: true)) }
    }
    let client = try server.client()
    #expect(await outcome(client, .get, server.origin).malformation != nil)
    #expect(await outcome(client, .get, server.origin).status == .ok)
    #expect(await server.next { $0.stream == 3 }?.connection == 0)
    client.shutDown()
  }

  @Test func aServerThatBreaksTheProtocolIsNotAskedAgain() async throws {
    let server = try FrameServer { frame, peer in
      if frame.kind == .headers { peer.send(.data(0, "no stream")) }
    }
    let client = try server.client()
    #expect(await outcome(client, .get, server.origin).malformation?.hasPrefix("PROTOCOL_ERROR") == true)
    client.shutDown()
  }
}
