import HTTP
import HTTPClient
import HTTPServer
import TestSupport
import Testing
import Transport

/// Calls through a proxy.
@Suite(.timeLimit(.minutes(5))) struct ProxyTests {
  /// The server under a name that is not this machine's, so that it is not an exception. The proxy knows where it is.
  private func origin(_ server: SecureServer) -> Origin { Origin(isSecure: true, host: "server.test", port: server.origin.port) }

  private func settings(_ proxy: TestProxy, credentials: String = "", noProxy: String = "") throws -> ProxySettings {
    let url = "http://\(credentials)127.0.0.1:\(proxy.port)"
    return try ProxySettings(environment: ["https_proxy": url, "http_proxy": url, "no_proxy": noProxy])
  }

  private func client(_ proxies: ProxySettings) throws -> HTTPClient {
    var configuration = HTTPClient.Configuration()
    configuration.proxies = proxies
    return HTTPClient(configuration, on: try Loop(name: "client"))
  }

  @Test func httpsGoesThroughATunnelAndSpeaksHTTP2InIt() async throws {
    let server = try SecureServer()
    let proxy = try TestProxy()
    let client = try server.client { $0.proxies = try settings(proxy) }
    for _ in 0..<3 { #expect(try await outcome(client, .post, origin(server), content: [1]).get().content == [1]) }
    let port = server.origin.port
    #expect(
      await proxy.nextHead()
        == "CONNECT server.test:\(port) HTTP/1.1\r\nhost: server.test:\(port)\r\nuser-agent: relaunch\r\n\r\n")
    #expect(server.metric("connections") == 1)
    client.shutDown()
    await server.listener.drain(within: .seconds(5))
  }

  @Test func theProxyIsToldUserAndPassword() async throws {
    let server = try SecureServer(protocols: [])
    let proxy = try TestProxy()
    let client = try server.client { $0.proxies = try settings(proxy, credentials: "Aladdin:open%20sesame@") }
    #expect(await outcome(client, .get, origin(server)).status == .ok)
    // RFC 7617 section 2.
    #expect(await proxy.nextHead()?.contains("\r\nproxy-authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n") == true)
    client.shutDown()
    await server.listener.drain(within: .seconds(5))
  }

  @Test(arguments: [
    ("403 Forbidden", "", "HTTP 403 Forbidden; check that it allows this host and port, or name the host in NO_PROXY"),
    (
      "407 Proxy Authentication Required", "",
      "HTTP 407; it wants credentials, which go into its URL, http://USER:PASSWORD@HOST:PORT"
    ),
    ("407 Nope", "user:secret@", "HTTP 407; check the user and the password in its URL"),
    ("502 Bad Gateway", "user:secret@", "HTTP 502; check that it can reach this host"),
  ])
  func aRefusalNamesTheProxyAndWhatToCheck(_ status: String, _ credentials: String, _ reason: String) async throws {
    let server = try SecureServer()
    let proxy = try TestProxy { _ in "HTTP/1.1 \(status)\r\ncontent-length: 5\r\n\r\nsorry" }
    let client = try server.client { $0.proxies = try settings(proxy, credentials: credentials) }
    let origin = origin(server)
    #expect(
      await outcome(client, .get, origin).error
        == .connect(
          origin: origin.description,
          reason: "proxy http://127.0.0.1:\(proxy.port): CONNECT server.test:\(origin.port): \(reason)"))
    client.shutDown()
    await server.listener.drain(within: .seconds(5))
  }

  @Test func whatIsNoProxyIsNamed() async throws {
    let proxy = try TestProxy { _ in "220 mail.example.com ESMTP\r\n" }
    let server = try SecureServer()
    let client = try server.client { $0.proxies = try ProxySettings(environment: ["HTTPS_PROXY": "127.0.0.1:\(proxy.port)"]) }
    let reason = try #require(await outcome(client, .get, origin(server)).failure)
    #expect(reason.hasPrefix("proxy http://127.0.0.1:\(proxy.port): CONNECT server.test:"))
    #expect(reason.hasSuffix("; check that an HTTP proxy is there"))
    client.shutDown()
    await server.listener.drain(within: .seconds(5))
  }

  @Test func aProxyThatIsNotThereIsNamed() async throws {
    let port = try RawListener().port
    let server = try SecureServer()
    let client = try server.client {
      $0.proxies = try ProxySettings(environment: ["HTTPS_PROXY": "http://user:secret@127.0.0.1:\(port)"])
    }
    let origin = origin(server)
    #expect(
      await outcome(client, .get, origin).error
        == .connect(
          origin: origin.description,
          reason: "proxy http://127.0.0.1:\(port): 127.0.0.1:\(port): connect: Connection refused"))
    client.shutDown()
    await server.listener.drain(within: .seconds(5))
  }

  @Test func anExceptionIsReachedDirectly() async throws {
    let server = try SecureServer()
    // It would refuse.
    let proxy = try TestProxy { _ in "HTTP/1.1 403 Forbidden\r\n\r\n" }
    let client = try server.client { $0.proxies = try settings(proxy) }
    #expect(await outcome(client, .get, server.origin).status == .ok, "this machine")
    client.shutDown()
    let other = try server.client { $0.proxies = try settings(proxy, noProxy: "server.test") }
    // Nobody knows the name but the proxy.
    #expect(await outcome(other, .get, origin(server)).failure?.hasPrefix("server.test: cannot resolve") == true)
    other.shutDown()
    await server.listener.drain(within: .seconds(5))
  }

  /// RFC 9112 section 3.2.2.
  @Test func httpGoesToTheProxyInAbsoluteForm() async throws {
    let proxy = try TestProxy { _ in "HTTP/1.1 204 No Content\r\n\r\n" }
    let client = try client(try settings(proxy, credentials: "u:p@"))
    let origin = Origin(isSecure: false, host: "plain.test", port: 8080)
    #expect(await outcome(client, .get, origin, "/a?b").status == .noContent)
    #expect(
      await proxy.nextHead()
        == "GET http://plain.test:8080/a?b HTTP/1.1\r\nhost: plain.test:8080\r\nproxy-authorization: Basic dTpw\r\n\r\n")
    client.shutDown()
  }
}
