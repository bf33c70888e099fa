import Dispatch
import HTTP
import HTTPClient
import Locks
import TestSupport
import Testing
import Transport

/// Responses that are read piece by piece: watches.
@Suite(.timeLimit(.minutes(5))) struct StreamingTests {
  private typealias Frame = FrameServer.Frame

  private func open(
    _ client: HTTPClient, _ origin: Origin, headDeadline: Duration = .seconds(20), silenceLimit: Duration = .seconds(600)
  ) async throws(HTTPClientError) -> StreamedResponse {
    try await client.stream(ClientRequest(.get, origin, "/watch"), headDeadline: headDeadline, silenceLimit: silenceLimit)
  }

  private func text(_ content: ResponseContent) async throws(HTTPClientError) -> String {
    var all: [UInt8] = []
    for try await piece in content { all += piece }
    return String(decoding: all, as: UTF8.self)
  }

  private func serve(_ script: @escaping @Sendable (RawListener) throws -> Void) throws -> Origin {
    let listener = try RawListener()
    DispatchQueue(label: "test.server").async { try? script(listener) }
    return Origin(isSecure: false, host: "127.0.0.1", port: listener.port)
  }

  private func plainClient(_ change: (inout HTTPClient.Configuration) -> Void = { _ in }) throws -> HTTPClient {
    var configuration = HTTPClient.Configuration()
    change(&configuration)
    return HTTPClient(configuration, on: try Loop(name: "client"))
  }

  private func failure(_ body: () async throws(HTTPClientError) -> Void) async -> HTTPClientError? {
    do throws(HTTPClientError) {
      try await body()
      return nil
    } catch {
      return error
    }
  }

  // MARK: HTTP/2

  @Test func piecesComeAsTheyAreSent() async throws {
    let server = try FrameServer { frame, peer in
      guard frame.kind == .headers else { return }
      if frame.stream == 1 { peer.send(.head(1), .data(1, "one", ends: false)) }
      if frame.stream == 3 { peer.send(.data(1, "two"), .head(3, ends: true)) }
    }
    let client = try server.client()
    let response = try await open(client, server.origin)
    #expect(response.status == .ok)
    var iterator = response.content.makeAsyncIterator()
    #expect(try await iterator.next() == Array("one".utf8))
    #expect(await outcome(client, .patch, server.origin).status == .ok)
    #expect(try await iterator.next() == Array("two".utf8))
    #expect(try await iterator.next() == nil)
    client.shutDown()
  }

  /// The watch fills its window and nobody reads it. The other responses are together three times the window of the connection.
  @Test func aWatchThatIsNotReadHoldsUpNothingElse() async throws {
    let full = String(repeating: "w", count: 16 << 10)
    let large = String(repeating: "p", count: 16 << 10)
    let server = try FrameServer { frame, peer in
      switch (frame.kind, frame.stream) {
      case (.headers, 1):
        peer.send(.head(1))
        for _ in 0..<4 { peer.send(.data(1, full, ends: false)) }
      case (.headers, let stream): peer.send(.head(stream), .data(stream, large, ends: false), .data(stream, large))
      case (.windowUpdate, 1): peer.send(.data(1, "end"))
      default: break
      }
    }
    let client = try server.client()
    let watch = try await open(client, server.origin)
    for _ in 0..<10 {
      let sizes = await withTaskGroup(of: Int?.self) { group in
        for _ in 0..<10 {
          group.addTask { (try? await outcome(client, .patch, server.origin, content: Array("{}".utf8)).get())?.content.count }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(sizes == Array(repeating: 32 << 10, count: 10))
    }
    var connections: Set<Int> = []
    var heads = 0
    while heads < 101, let (connection, frame) = await server.next(where: { $0.kind == .headers || $0.kind == .windowUpdate }) {
      #expect(frame.kind == .headers || frame.stream == 0, "the watch gets no credit before it is read")
      if frame.kind == .headers { heads += 1 }
      connections.insert(connection)
    }
    #expect(connections == [0])
    #expect(try await text(watch.content).utf8.elementsEqual((String(repeating: full, count: 4) + "end").utf8))
    client.shutDown()
  }

  @Test func cancellingTheReaderFreesTheStream() async throws {
    let server = try FrameServer { frame, peer in if frame.kind == .headers { peer.send(.head(frame.stream)) } }
    let client = try server.client()
    let watch = try await open(client, server.origin)
    let reader = Task { await failure { () throws(HTTPClientError) in _ = try await text(watch.content) } }
    reader.cancel()
    #expect(
      await reader.value == .connectionLost(origin: server.origin.description, reason: "the call was cancelled"))
    #expect(await server.next { $0.kind == .resetStream }?.frame.number == 8)
    client.shutDown()
  }

  @Test func droppingTheResponseFreesTheStream() async throws {
    let server = try FrameServer { frame, peer in if frame.kind == .headers { peer.send(.head(frame.stream)) } }
    let client = try server.client()
    #expect(try await open(client, server.origin).status == .ok)
    #expect(await server.next { $0.kind == .resetStream }?.frame.number == 8)
    client.shutDown()
  }

  @Test func whatCameBeforeALossIsRead() async throws {
    let server = try FrameServer { frame, peer in
      guard frame.kind == .headers else { return }
      peer.send(.head(1), .data(1, "last words", ends: false), .reset(1, 2))
    }
    let client = try server.client()
    var iterator = try await open(client, server.origin).content.makeAsyncIterator()
    #expect(try await iterator.next() == Array("last words".utf8))
    let error = await #expect(throws: HTTPClientError.self) { try await iterator.next() }
    #expect(
      error == .connectionLost(origin: server.origin.description, reason: "the server reset the stream: INTERNAL_ERROR"))
    client.shutDown()
  }

  @Test func silenceEndsAWatch() async throws {
    let server = try FrameServer { frame, peer in if frame.kind == .headers { peer.send(.head(frame.stream)) } }
    let client = try server.client()
    let watch = try await open(client, server.origin, silenceLimit: .milliseconds(40))
    let error = await failure { () throws(HTTPClientError) in _ = try await text(watch.content) }
    #expect(error == .connectionLost(origin: server.origin.description, reason: "nothing came for 0.04 seconds"))
    client.shutDown()
  }

  @Test func aHeadThatDoesNotComeIsNotWaitedForEver() async throws {
    let server = try FrameServer { _, _ in }
    let client = try server.client()
    let error = await failure { () throws(HTTPClientError) in
      _ = try await open(client, server.origin, headDeadline: .milliseconds(40))
    }
    #expect(error == .deadlineExceeded(origin: server.origin.description, after: .milliseconds(40)))
    client.shutDown()
  }

  // MARK: HTTP/1.1

  @Test(arguments: ["transfer-encoding: chunked\r\n\r\n3\r\none\r\n", "content-length: 6\r\n\r\none", "\r\none"])
  func piecesComeAsTheyAreSentWithHTTP1(_ start: String) async throws {
    let (read, reading) = AsyncStream<Void>.makeStream()
    let origin = try serve { listener in
      let peer = try listener.accept()
      _ = peer.read(through: "\r\n\r\n")
      peer.send("HTTP/1.1 200 OK\r\n" + start)
      let go = DispatchSemaphore(value: 0)
      Task {
        for await _ in read { break }
        go.signal()
      }
      go.wait()
      peer.send(start.hasPrefix("t") ? "3\r\ntwo\r\n0\r\n\r\n" : "two")
    }
    let client = try plainClient()
    var iterator = try await open(client, origin).content.makeAsyncIterator()
    #expect(try await iterator.next() == Array("one".utf8))
    reading.yield()
    #expect(try await iterator.next() == Array("two".utf8))
    #expect(try await iterator.next() == nil)
    client.shutDown()
  }

  @Test func whatIsNotReadHoldsAnHTTP1ServerBack() async throws {
    let size = 32 << 20
    let hasSent = Mutex(false)
    let origin = try serve { listener in
      let peer = try listener.accept()
      _ = peer.read(through: "\r\n\r\n")
      peer.send("HTTP/1.1 200 OK\r\ncontent-length: \(size)\r\n\r\n" + String(repeating: "x", count: size))
      hasSent.withLock { $0 = true }
      _ = peer.read()
    }
    let other = try serve { listener in
      let peer = try listener.accept()
      for _ in 0..<1_000 {
        _ = peer.read(through: "\r\n\r\n")
        peer.send("HTTP/1.1 204 No Content\r\n\r\n")
      }
      _ = peer.read()
    }
    let client = try plainClient()
    var iterator = try await open(client, origin).content.makeAsyncIterator()
    var count = try await iterator.next()?.count ?? 0
    // More turns of the client's loop than it would take to read everything. Sockets hold a few MiB, and we little more than a piece.
    for _ in 0..<1_000 { #expect(await outcome(client, .get, other).status == .noContent) }
    #expect(!hasSent.withLock { $0 })
    while let piece = try await iterator.next() { count += piece.count }
    #expect(count == size)
    client.shutDown()
  }

  @Test func watchesLeaveConnectionsForCalls() async throws {
    let origin = try serve { listener in
      let watch = try listener.accept()
      _ = watch.read(through: "\r\n\r\n")
      watch.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
      let other = try listener.accept()
      _ = other.read(through: "\r\n\r\n")
      other.send("HTTP/1.1 204 No Content\r\n\r\n")
      _ = watch.read()
    }
    let client = try plainClient { $0.connectionsLimit = 2 }
    let watch = try await open(client, origin)
    let second = await failure { () throws(HTTPClientError) in _ = try await open(client, origin) }
    #expect(second == .overloaded(origin: origin.description))
    #expect(await outcome(client, .patch, origin).status == .noContent)
    #expect(watch.status == .ok)
    client.shutDown()
  }

  @Test func aConnectionServesAgainAfterAWatchHasEnded() async throws {
    let origin = try serve { listener in
      let peer = try listener.accept()
      for _ in 0..<2 {
        _ = peer.read(through: "\r\n\r\n")
        peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi")
      }
      _ = peer.read()
    }
    let client = try plainClient()
    #expect(try await text(try await open(client, origin).content) == "hi")
    #expect(try await outcome(client, .get, origin).get().content == Array("hi".utf8))
    client.shutDown()
  }
}
