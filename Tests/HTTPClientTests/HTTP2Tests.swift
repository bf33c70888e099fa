import HTTP
import HTTP2
import HTTPClient
import HTTPServer
import TestSupport
import Testing
import Transport

/// The client against our own server, with HTTP/2 by ALPN.
@Suite(.timeLimit(.minutes(5))) struct HTTP2Tests {
  /// Makes `count` calls to `/late` at the same time, and answers each as it comes.
  private func statuses(_ count: Int, _ client: HTTPClient, _ server: SecureServer, _ method: HTTPMethod = .patch) async
    -> [HTTPStatus?]
  {
    await withTaskGroup(of: HTTPStatus?.self) { group in
      for _ in 0..<count { group.addTask { await outcome(client, method, server.origin, "/late").status } }
      var answered = 0
      for await responder in server.service.late {
        responder.send(HTTPResponse(.accepted))
        answered += 1
        if answered == count { break }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
  }

  @Test func allCallsShareOneConnection() async throws {
    let server = try SecureServer()
    let client = try server.client()
    let count = 50
    let results = await withTaskGroup(of: HTTPStatus?.self) { group in
      for _ in 0..<count { group.addTask { await outcome(client, .patch, server.origin, "/late").status } }
      var late: [Responder] = []
      for await responder in server.service.late {
        late.append(responder)
        if late.count == count { break }
      }
      #expect(server.metric("connections") == 1)
      for responder in late.reversed() { responder.send(HTTPResponse(.accepted)) }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(results == Array(repeating: .accepted, count: count))
    #expect(server.metric("connections") == 1)
    client.shutDown()
    await server.listener.drain(within: .seconds(5))
  }

  @Test(arguments: [[String](), ["http/1.1"]])
  func speaksHTTP1WhereTheServerDoes(_ protocols: [String]) async throws {
    let server = try SecureServer(protocols: protocols)
    let client = try server.client { $0.connectionsLimit = 4 }
    let results = await withTaskGroup(of: HTTPStatus?.self) { group in
      for _ in 0..<12 { group.addTask { await outcome(client, .patch, server.origin, "/late").status } }
      var late: [Responder] = []
      for await responder in server.service.late {
        late.append(responder)
        if late.count == 4 { break }
      }
      #expect(server.metric("connections") == 4)
      for responder in late { responder.send(HTTPResponse(.accepted)) }
      for await responder in server.service.late {
        responder.send(HTTPResponse(.accepted))
        late.append(responder)
        if late.count == 12 { break }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(results == Array(repeating: .accepted, count: 12))
    client.shutDown()
    await server.listener.drain(within: .seconds(5))
  }

  @Test func carriesLargeContentBothWays() async throws {
    let server = try SecureServer()
    let client = try server.client()
    let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 / 3) }
    let results = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<3 {
        group.addTask { (try? await outcome(client, .post, server.origin, content: content).get())?.content == content }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(results == [true, true, true])
    #expect(server.metric("connections") == 1)
    client.shutDown()
    await server.listener.drain(within: .seconds(5))
  }

  @Test func callsWaitForAStreamAndNoneIsRefused() async throws {
    let server = try SecureServer { $0.http2.concurrentStreamsLimit = 3 }
    let client = try server.client()
    #expect(await statuses(20, client, server) == Array(repeating: .accepted, count: 20))
    #expect(server.metric("limits_total", ",limit=\"streams\"") == 0)
    #expect(server.metric("connections") == 1)
    client.shutDown()
    await server.listener.drain(within: .seconds(5))
  }

  @Test func noMoreCallsWaitThanMay() async throws {
    let server = try SecureServer { $0.http2.concurrentStreamsLimit = 1 }
    let client = try server.client { $0.waitingLimit = 1 }
    var late = server.service.late.makeAsyncIterator()
    async let first = outcome(client, .get, server.origin, "/late")
    let busy = await late.next()
    // One of the two waits, and there is no place for the other.
    let others = await withTaskGroup(of: Result<ClientResponse, HTTPClientError>.self) { group in
      for _ in 0..<2 { group.addTask { await outcome(client, .get, server.origin, "/late", deadline: .milliseconds(300)) } }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(
      Set(others.map { "\($0.error, default: "an answer")" }) == [
        "\(HTTPClientError.overloaded(origin: server.origin.description))",
        "\(HTTPClientError.deadlineExceeded(origin: server.origin.description, after: .milliseconds(300)))",
      ])
    busy?.send(HTTPResponse(.ok))
    #expect(await first.status == .ok)
    client.shutDown()
    await server.listener.drain(within: .seconds(5))
  }

  /// The server ends each connection after five requests, and the client has asked for more by then.
  @Test func aGoAwayLosesNothing() async throws {
    let server = try SecureServer { $0.requestsLimit = 5 }
    let client = try server.client()
    #expect(await statuses(15, client, server) == Array(repeating: .accepted, count: 15))
    client.shutDown()
    await server.listener.drain(within: .seconds(5))
  }

  @Test func theDeadlineOfOneCallLeavesTheOthers() async throws {
    let server = try SecureServer()
    let client = try server.client()
    var late = server.service.late.makeAsyncIterator()
    async let patient = outcome(client, .get, server.origin, "/late")
    let responder = await late.next()
    #expect(
      await outcome(client, .get, server.origin, "/late", deadline: .milliseconds(30)).error
        == .deadlineExceeded(origin: server.origin.description, after: .milliseconds(30)))
    #expect(
      await outcome(client, .post, server.origin, content: [1, 2, 3], responseBytesLimit: 2).error
        == .responseTooLarge(origin: server.origin.description, limit: 2))
    responder?.send(HTTPResponse(.accepted))
    #expect(await patient.status == .accepted)
    #expect(await outcome(client, .get, server.origin).status == .ok)
    #expect(server.metric("connections") == 1)
    client.shutDown()
    await server.listener.drain(within: .seconds(5))
  }

  @Test func shuttingDownEndsCallsUnderWay() async throws {
    let server = try SecureServer()
    let client = try server.client()
    var late = server.service.late.makeAsyncIterator()
    async let call = outcome(client, .get, server.origin, "/late")
    _ = await late.next()
    client.shutDown()
    #expect(await call.error == .shutDown)
    #expect(await outcome(client, .get, server.origin).error == .shutDown)
    await server.listener.drain(within: .seconds(5))
  }
}
