import Clocks
import Events
import FoundationEssentials
import HTTP
import HTTPClient
import JSON
import Kubernetes
import OpenSSL
import Testing
import Transport

/// Against a real control plane: `RELAUNCH_TEST_KUBECONFIG=$(scripts/control-plane up DIR) swift test --filter RealAPIServer`.
@Suite struct RealAPIServerTests {
  private static let kubeconfig = ProcessInfo.processInfo.environment["RELAUNCH_TEST_KUBECONFIG"]

  private static let collection = "/apis/apps/v1/namespaces/default/deployments"
  private static let manifest = """
    {"metadata":{"name":"NAME"},"spec":{"selector":{"matchLabels":{"app":"NAME"}},"template":{
    "metadata":{"labels":{"app":"NAME"}},"spec":{"containers":[{"name":"web","image":"registry.example/acme/web:latest"}]}}}}
    """

  @Test(.enabled(if: kubeconfig != nil, "RELAUNCH_TEST_KUBECONFIG names no kubeconfig of a control plane"))
  func restartsAgreeWithARealServer() async throws {
    let credentials = try Credentials.load(kubeconfig: Self.kubeconfig, environment: [:])
    let tls = try TLSContext.client(trust: credentials.trust.map { .authorities(pem: $0) } ?? .systemRoots)
    let sender = HTTPClient(HTTPClient.Configuration(tls: tls, serverName: credentials.serverName), on: try Loop(name: "test"))
    defer { sender.shutDown() }
    let name = "restart-\(UInt32.random(in: 0...UInt32.max))"
    _ = try await Self.send(.post, Self.collection, credentials, sender, Self.manifest.replacing("NAME", with: name))

    let clock = SystemWallClock()
    let restart = RolloutRestart(client: APIClient(credentials, sender: sender), clock: clock)
    var request = RestartRequest(
      namespace: "default", name: name, messageID: "m1", publishTime: clock.now(),
      image: ImageReference("registry.example/acme/web:latest"))
    var planned: [Timestamp] = []
    let first = try await restart.run(request) { planned.append($0.value) }
    guard case .restarted(let value, let generation, _) = first.outcome else {
      Issue.record("\(first)")
      return
    }
    #expect(planned == [value] && generation == 2 && first.notes == [])
    #expect(try await restart.run(request) { _ in }.outcome == .alreadyDone(value: value))
    request.messageID = "m2"
    request.publishTime = clock.now()
    let second = try await restart.run(request) { _ in }
    guard case .restarted(let next, 3, _) = second.outcome else {
      Issue.record("\(second)")
      return
    }
    #expect(next > value)
    request.messageID = "m3"
    request.publishTime = clock.now() - .seconds(60)
    #expect(try await restart.run(request) { _ in }.outcome == .superseded(by: next))
    _ = try await Self.send(.delete, Self.collection + "/" + name, credentials, sender)
    await #expect { () async throws in _ = try await restart.run(request) { _ in } } throws: {
      ($0 as? RestartError)?.disposition == .doubtful(.notFound, after: nil)
    }
  }

  /// Sends what `APIClient` has no verb for.
  private static func send(
    _ method: HTTPMethod, _ path: String, _ credentials: Credentials, _ sender: HTTPClient, _ content: String = ""
  ) async throws -> ClientResponse {
    var fields = HTTPFields([(.contentType, "application/json")])
    if case .fixed(let token) = credentials.token { fields.append(.authorization, "Bearer " + token.revealed) }
    let request = ClientRequest(method, credentials.origin, path, fields: fields, content: Array(content.utf8))
    let response = try await sender.send(request, deadline: .seconds(10))
    #expect(response.status.isSuccess, "\(String(decoding: response.content, as: UTF8.self))")
    return response
  }
}
