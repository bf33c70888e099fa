import Dispatch
import HTTP
import HTTPClient
import HTTPServer
import OpenSSL
import Telemetry
import TestSupport
import Testing
import Transport

private final class EchoService: HTTPService {
  func admit(_ head: HTTPRequest) -> Admission {
    .proceed(contentLimit: 4 << 20) { request, responder in responder.send(HTTPResponse(.ok, content: request.content)) }
  }
}

/// The client against our own server, over TLS on real sockets.
struct TLSTests {
  private struct Server {
    let listener: HTTPListener
    let registry = MetricsRegistry()
    let port: UInt16

    init(_ identity: TLSIdentity, on loop: Loop? = nil) throws {
      listener = HTTPListener(
        service: EchoService(), tls: ServerTLS(try TLSContext.server(identity: identity)),
        metrics: ListenerMetrics(registry, listener: "tls"), on: try loop ?? Loop(name: "server"))
      port = try listener.start(try SocketAddress.resolve(host: "127.0.0.1", port: 0, isListening: true)[0]).port
    }
  }

  private func client(trusting authority: SelfSignedAuthority, serverName: String? = nil, on loop: Loop? = nil) throws
    -> HTTPClient
  {
    let context = try TLSContext.client(trust: .authorities(pem: authority.certificatePEM))
    return HTTPClient(HTTPClient.Configuration(tls: context, serverName: serverName), on: try loop ?? Loop(name: "client"))
  }

  @Test func carriesSmallAndLargeContentOverOneConnection() async throws {
    let authority = try SelfSignedAuthority()
    let server = try Server(try authority.issue(commonName: "server", names: ["IP:127.0.0.1"]))
    let client = try client(trusting: authority)
    let origin = Origin(isSecure: true, host: "127.0.0.1", port: server.port)
    for size in [0, 1, 100_000, 200_000] {
      let content = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
      let response = try await client.send(ClientRequest(.post, origin, "/", content: content), deadline: .seconds(60))
      #expect(response.status == .ok)
      #expect(response.content == content)
    }
    #expect(server.registry.text().contains("relaunch_http_connections{listener=\"tls\"} 1\n"))
    client.shutDown()
    await server.listener.drain(within: .seconds(5))
  }

  @Test func refusesAServerWithAnotherName() async throws {
    let authority = try SelfSignedAuthority()
    let server = try Server(try authority.issue(commonName: "server", names: ["DNS:api.example.com"]))
    let origin = Origin(isSecure: true, host: "127.0.0.1", port: server.port)
    let trusted = try client(trusting: authority, serverName: "api.example.com")
    #expect(try await trusted.send(ClientRequest(.get, origin, "/"), deadline: .seconds(60)).status == .ok)
    for wrong in [
      try client(trusting: authority), try client(trusting: try SelfSignedAuthority(), serverName: "api.example.com"),
    ] {
      let error = await #expect(throws: HTTPClientError.self) {
        try await wrong.send(ClientRequest(.get, origin, "/"), deadline: .seconds(60))
      }
      guard case .connect(_, let reason)? = error, reason.contains("certificate for ") else {
        Issue.record("\(error)")
        return
      }
    }
    trusted.shutDown()
    await server.listener.drain(within: .seconds(5))
  }

  @Test func aPlainClientIsTurnedAway() async throws {
    let authority = try SelfSignedAuthority()
    let server = try Server(try authority.issue(commonName: "server", names: ["IP:127.0.0.1"]))
    let raw = try RawConnection(port: server.port)
    raw.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    let answer = await raw.received()
    #expect(!answer.contains("HTTP/1.1"))
    await server.listener.drain(within: .seconds(5))
  }

  /// In a process of its own, because other tests open descriptors meanwhile.
  @Test func leavesNoDescriptorOpen() async {
    await #expect(processExitsWith: .success) {
      let loop = try Loop(name: "both")
      // The first round makes what the process keeps: Dispatch's own descriptors and threads.
      try await TLSTests().round(on: loop)
      let before = openDescriptors()
      let rounds = 10
      for _ in 0..<rounds { try await TLSTests().round(on: loop) }
      let after = openDescriptors()
      // What leaks does so in each round. A socket that is being closed at this moment, or a timer of Dispatch's, may count once.
      precondition(after - before < rounds, "\(before) descriptors were open before, \(after) after \(rounds) rounds")
    }
  }

  /// Serves good calls, a refused certificate, a plain and a silent connection; returns once everything is closed.
  private func round(on loop: Loop) async throws {
    let authority = try SelfSignedAuthority()
    let server = try Server(try authority.issue(commonName: "server", names: ["IP:127.0.0.1"]), on: loop)
    let origin = Origin(isSecure: true, host: "127.0.0.1", port: server.port)
    let client = try client(trusting: authority, on: loop)
    let stranger = try self.client(trusting: try SelfSignedAuthority(), on: loop)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 { group.addTask { _ = try await client.send(ClientRequest(.get, origin, "/"), deadline: .seconds(60)) } }
      try await group.waitForAll()
    }
    _ = try? await stranger.send(ClientRequest(.get, origin, "/"), deadline: .seconds(60))
    let silent = try RawConnection(port: server.port)
    client.shutDown()
    stranger.shutDown()
    await server.listener.drain(within: .milliseconds(500))
    _ = await silent.received()
    // What was closed on the loop is released there.
    await withCheckedContinuation { continuation in loop.queue.async { continuation.resume() } }
  }
}
