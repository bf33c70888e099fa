import HTTP
import HTTPClient
import JSON
import Kubernetes
import Locks
import TestSupport
import Testing

@Suite struct APIClientTests {
  @Test(
    arguments: [
      ("default", ""), ("", "web"), ("default", "../../secrets/x"), ("default", "web?x"), ("default", "Web"), ("a.b", "web"),
      ("default", "a/b"), ("default", "a b"), ("default", "-a"), ("default", "a..b"),
      ("default", String(repeating: "a", count: 254)),
      (String(repeating: "a", count: 64), "web"),
    ])
  func namesThatCannotBeAreNeverSent(_ namespace: String, _ name: String) async {
    let server = FakeAPIServer()
    await #expect(throws: APIError.invalidName(APICall(.get, .deployments, namespace: namespace, name: name))) {
      try await server.client().get(.deployments, namespace: namespace, name: name)
    }
    #expect(server.log.isEmpty)
  }

  @Test func coreResourcesAndPathPrefixesMakeTheRightPath() async throws {
    let server = FakeAPIServer()
    let client = APIClient(
      Credentials(origin: Origin(isSecure: true, host: "rancher", port: 443), pathPrefix: "/k8s/clusters/c1"), sender: server)
    let nodes = Resource(group: "", version: "v1", plural: "nodes", isNamespaced: false)
    _ = try? await client.get(nodes, namespace: nil, name: "n1.example")
    #expect(server.log.map(\.target) == ["/k8s/clusters/c1/api/v1/nodes/n1.example"])
  }

  @Test func everyCallHasADeadlineAndALimit() async throws {
    let sender = NotingSender()
    let credentials = Credentials(origin: Origin(isSecure: true, host: "h", port: 443))
    _ = try? await APIClient(credentials, sender: sender).get(.deployments, namespace: "d", name: "w")
    _ = try? await APIClient(credentials, sender: sender, callDeadline: .seconds(3), responseBytesLimit: 99)
      .patch(.deployments, namespace: "d", name: "w", [:], type: .merge, fieldManager: "m")
    #expect(sender.noted.withLock { $0 }.map(\.deadline) == [.seconds(10), .seconds(3)])
    #expect(sender.noted.withLock { $0 }.map(\.limit) == [4 << 20, 99])
  }

  @Test func anAnswerThatIsNoObjectIsAnErrorToRetry() async {
    for content in ["<html>", "[]", ""] {
      let server = FakeAPIServer()
      server.script(.get, .answer(200, content: content))
      await #expect { () async throws in _ = try await server.client().get(.deployments, namespace: "d", name: "w") } throws: {
        ($0 as? APIError)?.disposition == .retry(.server, after: nil)
      }
    }
  }

  @Test func theTokenFileIsReadAgainAfterAMinute() async throws {
    let files = Files(["/token": "one\n"])
    let clock = Mutex(ContinuousClock.now)
    let server = FakeAPIServer()
    server.addDeployment("d", "w")
    let client = APIClient(
      Credentials(origin: Origin(isSecure: true, host: "h", port: 443), token: .file(path: "/token")), sender: server,
      files: files.source, now: { clock.withLock { $0 } })
    for (advance, written) in [(0, "one"), (59, "two"), (1, "two"), (1, "three"), (60, nil)] as [(Int, String?)] {
      files.write("/token", written)
      clock.withLock { $0 += .seconds(advance) }
      _ = try await client.get(.deployments, namespace: "d", name: "w")
    }
    // The last reading failed: what we hold stays in use, and the server judges it.
    #expect(server.log.map(\.authorization) == ["Bearer one", "Bearer one", "Bearer two", "Bearer two", "Bearer two"])
  }

  @Test func aRefusedTokenIsReadAgainAndTheCallRepeatedOnce() async throws {
    let files = Files(["/token": "old"])
    let server = FakeAPIServer(tokens: ["old"])
    server.addDeployment("d", "w")
    let client = server.client(token: .file(path: "/token"), files: files.source)
    _ = try await client.get(.deployments, namespace: "d", name: "w")
    server.accept(tokens: ["new"])
    files.write("/token", "new")
    _ = try await client.get(.deployments, namespace: "d", name: "w")
    #expect(server.log.map(\.authorization) == ["Bearer old", "Bearer old", "Bearer new"])
    server.accept(tokens: [])
    await #expect { () async throws in _ = try await client.get(.deployments, namespace: "d", name: "w") } throws: {
      ($0 as? APIError)?.disposition == .retry(.unauthorized, after: nil)
    }
    #expect(server.log.count == 4)
  }

  @Test func noErrorShowsTheToken() async {
    let server = FakeAPIServer(tokens: [])
    let secret = "s3cr3t-token"
    let credentials = Credentials(
      origin: Origin(isSecure: true, host: "h", port: 443),
      clientCertificate: ClientCertificate(certificate: [], key: Secret(Array("k3y".utf8))),
      token: .fixed(Secret(Array(secret.utf8))))
    var shown = ""
    dump(credentials, to: &shown)
    shown += "\(credentials) \(String(reflecting: credentials))"
    do {
      _ = try await APIClient(credentials, sender: server).get(.deployments, namespace: "d", name: "w")
    } catch { shown += "\(error) \(String(reflecting: error))" }
    #expect(!shown.contains(secret) && !shown.contains("k3y"))
    #expect(shown.contains("does not accept our credentials"))
  }
}

/// Answers nothing and notes what it was given.
private final class NotingSender: HTTPSender {
  let noted = Mutex<[(deadline: Duration, limit: Int)]>([])

  func send(_ request: ClientRequest, deadline: Duration) async throws(HTTPClientError) -> ClientResponse {
    noted.withLock { $0.append((deadline, request.responseBytesLimit)) }
    throw .shutDown
  }
}

/// Files in memory that can change.
final class Files: Sendable {
  private let contents: Mutex<[String: String]>

  init(_ contents: [String: String]) { self.contents = Mutex(contents) }

  func write(_ path: String, _ text: String?) { contents.withLock { $0[path] = text } }

  var source: FileSource {
    FileSource(
      read: { [self] path throws(CredentialsError) in
        guard let text = contents.withLock({ $0[path] }) else { throw .unreadable(file: path, reason: "there is no such file") }
        return Array(text.utf8)
      },
      exists: { [self] path in contents.withLock { $0[path] != nil } })
  }
}
