import Dispatch
import HTTP
import HTTPClient
import TestSupport
import Testing
import Transport

struct HTTPClientTests {
  private static let empty = "HTTP/1.1 204 No Content\r\n\r\n"

  private func client(_ change: (inout HTTPClient.Configuration) -> Void = { _ in }) throws -> HTTPClient {
    var configuration = HTTPClient.Configuration()
    change(&configuration)
    return HTTPClient(configuration, on: try Loop(name: "client"))
  }

  /// Runs `script` as the server on a thread of its own.
  private func serve(_ script: @escaping @Sendable (RawListener) throws -> Void) throws -> Origin {
    let listener = try RawListener()
    DispatchQueue(label: "test.server").async { try? script(listener) }
    return Origin(isSecure: false, host: "127.0.0.1", port: listener.port)
  }

  private func failure(
    _ client: HTTPClient, _ request: ClientRequest, deadline: Duration = .seconds(60)
  ) async -> HTTPClientError? {
    do throws(HTTPClientError) {
      _ = try await client.send(request, deadline: deadline)
      return nil
    } catch {
      return error
    }
  }

  @Test func sendsARequestAndReadsTheAnswer() async throws {
    let origin = try serve { listener in
      let peer = try listener.accept()
      let request = peer.read(through: "hi")
      #expect(request.hasPrefix("POST /a?b HTTP/1.1\r\nhost: 127.0.0.1:"))
      #expect(request.hasSuffix("\r\naccept: */*\r\ncontent-length: 2\r\n\r\nhi"))
      peer.send("HTTP/1.1 201 Created\r\nX: y\r\nContent-Length: 3\r\n\r\nyes")
      _ = peer.read()
    }
    let client = try client()
    let request = ClientRequest(.post, origin, "/a?b", fields: HTTPFields([(.accept, "*/*")]), content: Array("hi".utf8))
    let response = try await client.send(request, deadline: .seconds(60))
    #expect(response.status.rawValue == 201)
    #expect(response.fields["x"] == "y")
    #expect(response.content == Array("yes".utf8))
    client.shutDown()
  }

  @Test func usesOneConnectionAgain() async throws {
    let origin = try serve { listener in
      let peer = try listener.accept()
      for _ in 0..<3 {
        _ = peer.read(through: "\r\n\r\n")
        peer.send(Self.empty)
      }
      _ = peer.read()
    }
    let client = try client()
    for _ in 0..<3 {
      #expect(try await client.send(ClientRequest(.get, origin, "/"), deadline: .seconds(60)).status == .noContent)
    }
    client.shutDown()
  }

  /// The server closes a kept connection as the next request arrives on it.
  private func closesOnSecondRequest(_ listener: RawListener) throws {
    do {
      let first = try listener.accept()
      _ = first.read(through: "\r\n\r\n")
      first.send(Self.empty)
      _ = first.read(through: "\r\n\r\n")
    }
    let second = try listener.accept()
    _ = second.read(through: "\r\n\r\n")
    second.send("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
    _ = second.read()
  }

  @Test func repeatsAGetWhenAKeptConnectionWasClosed() async throws {
    let origin = try serve(closesOnSecondRequest)
    let client = try client()
    #expect(try await client.send(ClientRequest(.get, origin, "/"), deadline: .seconds(60)).status == .noContent)
    #expect(try await client.send(ClientRequest(.get, origin, "/"), deadline: .seconds(60)).status == .accepted)
    client.shutDown()
  }

  @Test func neverRepeatsAPatch() async throws {
    let origin = try serve(closesOnSecondRequest)
    let client = try client()
    #expect(try await client.send(ClientRequest(.get, origin, "/"), deadline: .seconds(60)).status == .noContent)
    #expect(
      await failure(client, ClientRequest(.patch, origin, "/"))
        == .connectionLost(origin: origin.description, reason: "the server closed it"))
    client.shutDown()
  }

  @Test func neverRepeatsOverAFreshConnection() async throws {
    let origin = try serve { listener in
      do { _ = try listener.accept().read(through: "\r\n\r\n") }
      _ = try listener.accept().read()
    }
    let client = try client()
    #expect(
      await failure(client, ClientRequest(.get, origin, "/"))
        == .connectionLost(origin: origin.description, reason: "the server closed it"))
    client.shutDown()
  }

  @Test func endsACallAtItsDeadline() async throws {
    let origin = try serve { listener in
      // The deadline of the one that has the connection ends that, and the other may get a new one.
      for _ in 0..<2 { _ = try listener.accept().read() }
    }
    let client = try client { $0.connectionsLimit = 1 }
    async let busy = failure(client, ClientRequest(.get, origin, "/"), deadline: .milliseconds(20))
    async let waiting = failure(client, ClientRequest(.get, origin, "/"), deadline: .milliseconds(10))
    #expect(await busy == .deadlineExceeded(origin: origin.description, after: .milliseconds(20)))
    #expect(await waiting == .deadlineExceeded(origin: origin.description, after: .milliseconds(10)))
    client.shutDown()
  }

  @Test func refusesMoreCallsThanMayWait() async throws {
    let origin = try serve { listener in _ = try listener.accept().read() }
    let client = try client {
      $0.connectionsLimit = 1
      $0.waitingLimit = 0
    }
    #expect(await failure(client, ClientRequest(.get, origin, "/")) == .overloaded(origin: origin.description))
    client.shutDown()
  }

  @Test func saysWhyItCannotConnect() async throws {
    let port = try RawListener().port
    let origin = Origin(isSecure: false, host: "127.0.0.1", port: port)
    #expect(
      await failure(try client(), ClientRequest(.get, origin, "/"))
        == .connect(origin: origin.description, reason: "127.0.0.1:\(port): connect: Connection refused"))
    let secure = Origin(isSecure: true, host: "127.0.0.1", port: port)
    #expect(
      await failure(try client(), ClientRequest(.get, secure, "/"))
        == .connect(
          origin: secure.description, reason: "https needs certificates to trust, and none are configured"))
  }

  @Test(arguments: [
    ("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", true), ("HTTP/1.1 200 OK\r\n\r\n12345678901", true),
    ("SSH-2.0-OpenSSH\r\n\r\n", false),
  ])
  func refusesAnAnswer(_ answer: String, _ isTooLarge: Bool) async throws {
    let origin = try serve { listener in
      let peer = try listener.accept()
      _ = peer.read(through: "\r\n\r\n")
      peer.send(answer)
      _ = peer.read()
    }
    let client = try client()
    let error = await failure(client, ClientRequest(.get, origin, "/", responseBytesLimit: 10))
    #expect(
      error
        == (isTooLarge
          ? .responseTooLarge(origin: origin.description, limit: 10)
          : .malformedResponse(origin: origin.description, reason: HTTP1Error.malformedStartLine.description)))
    client.shutDown()
  }

  @Test func readsAnAnswerUntilTheConnectionEnds() async throws {
    let origin = try serve { listener in
      let peer = try listener.accept()
      _ = peer.read(through: "\r\n\r\n")
      peer.send("HTTP/1.1 200 OK\r\n\r\nall")
    }
    let client = try client()
    #expect(try await client.send(ClientRequest(.get, origin, "/"), deadline: .seconds(60)).content == Array("all".utf8))
    client.shutDown()
  }

  @Test func aCancelledCallEndsAtOnce() async throws {
    let (arrived, arrival) = AsyncStream<Void>.makeStream()
    let origin = try serve { listener in
      let peer = try listener.accept()
      _ = peer.read(through: "\r\n\r\n")
      arrival.yield()
      _ = peer.read()
    }
    let client = try client()
    let task = Task { await failure(client, ClientRequest(.get, origin, "/")) }
    for await _ in arrived { break }
    task.cancel()
    #expect(await task.value == .connectionLost(origin: origin.description, reason: "the call was cancelled"))
    client.shutDown()
  }

  @Test func shuttingDownEndsCallsUnderWayAndLaterOnes() async throws {
    let (arrived, arrival) = AsyncStream<Void>.makeStream()
    let origin = try serve { listener in
      let peer = try listener.accept()
      _ = peer.read(through: "\r\n\r\n")
      arrival.yield()
      _ = peer.read()
    }
    let client = try client()
    let task = Task { await failure(client, ClientRequest(.get, origin, "/")) }
    for await _ in arrived { break }
    client.shutDown()
    #expect(await task.value == .shutDown)
    #expect(await failure(client, ClientRequest(.get, origin, "/")) == .shutDown)
  }

  @Test func shuttingDownWhileConnectingLeavesNothingBehind() async throws {
    let origin = try serve { listener in _ = try listener.accept().read() }
    let client = try client()
    async let ended = failure(client, ClientRequest(.get, origin, "/"))
    client.shutDown()
    #expect(await ended == .shutDown)
  }
}
