package import HTTP
package import HTTPClient
package import JSON
import Locks

/// A Kubernetes API server in memory: objects by path, GET, PATCH of maps, versions and generations, and a script of faults.
///
/// Patches are merged like JSON merge patches. For maps, and so for annotations, a strategic merge does the same.
package final class FakeAPIServer: HTTPSender {
  /// One request as it came.
  package struct Entry: Hashable, Sendable {
    package let method: HTTPMethod
    package let target: String
    package let contentType: String?
    package let authorization: String?
    /// Nil for a request without content.
    package let content: JSONValue?

    package init(method: HTTPMethod, target: String, contentType: String?, authorization: String?, content: JSONValue?) {
      self.method = method
      self.target = target
      self.contentType = contentType
      self.authorization = authorization
      self.content = content
    }
  }

  /// What happens to one request instead of, or before, its ordinary handling.
  package enum Step: Sendable {
    case proceed
    /// A refusal with a `Status` object.
    case refuse(Int, reason: String = "", message: String = "", retryAfter: Int? = nil)
    /// An answer with this content.
    case answer(Int, content: String)
    /// No answer; the request was not applied.
    case fail(HTTPClientError)
    /// The request is applied, and its answer is lost.
    case lose(HTTPClientError)
    /// Somebody else changes the object first.
    case change(@Sendable (inout JSONValue) -> Void)
    /// A success that changes nothing.
    case ignore
  }

  private let state: Mutex<State>

  /// - Parameter tokens: the bearer tokens that are accepted; nil for any or none.
  package init(tokens: Set<String>? = nil) {
    var state = State()
    state.tokens = tokens
    self.state = Mutex(state)
  }

  /// Every request so far.
  package var log: [Entry] { state.withLock(\.log) }

  /// How many requests of this method came.
  package func count(of method: HTTPMethod) -> Int { log.count { $0.method == method } }

  /// Sets the steps for the next requests of `method`, one each; after them requests proceed.
  package func script(_ method: HTTPMethod, _ steps: Step...) { state.withLock { $0.script[method, default: []] += steps } }

  package func accept(tokens: Set<String>) { state.withLock { $0.tokens = tokens } }

  /// The path of a Deployment.
  package static func path(_ namespace: String, _ name: String) -> String {
    "/apis/apps/v1/namespaces/\(namespace)/deployments/\(name)"
  }

  /// The object at `path`; nil where there is none.
  package func object(_ path: String) -> JSONValue? { state.withLock { $0.objects[path] } }

  package func deployment(_ namespace: String, _ name: String) -> JSONValue? { object(Self.path(namespace, name)) }

  /// Changes the object at `path` as another client would: its version rises, and its generation if its `spec` changed.
  package func change(_ path: String, _ body: (inout JSONValue) -> Void) { state.withLock { $0.change(path, body) } }

  /// Adds a Deployment of generation 1.
  /// - Parameters:
  ///   - images: of its containers, which are called `c0`, `c1` and so on.
  ///   - pullPolicy: of each container.
  ///   - restartedAt: the template's annotation.
  ///   - provenance: the Deployment's annotation `relaunch.dev/last-restart`.
  package func addDeployment(
    _ namespace: String, _ name: String, images: [String] = ["europe-docker.pkg.dev/acme/apps/web:latest"],
    pullPolicy: String = "Always", replicas: Int64 = 2, isPaused: Bool = false, restartedAt: String? = nil,
    provenance: String? = nil
  ) {
    let containers = images.enumerated().map { index, image -> JSONValue in
      ["name": .string("c\(index)"), "image": .string(image), "imagePullPolicy": .string(pullPolicy)]
    }
    var template: JSONObject = ["labels": ["app": .string(name)]]
    if let restartedAt { template["annotations"] = ["kubectl.kubernetes.io/restartedAt": .string(restartedAt)] }
    var spec: JSONObject = [
      "replicas": .number(JSONNumber(replicas)), "selector": ["matchLabels": ["app": .string(name)]],
      "template": ["metadata": .object(template), "spec": ["containers": .array(containers)]],
    ]
    if isPaused { spec["paused"] = true }
    var metadata: JSONObject = ["namespace": .string(namespace), "name": .string(name), "generation": 1]
    if let provenance { metadata["annotations"] = ["relaunch.dev/last-restart": .string(provenance)] }
    let object: JSONValue = [
      "apiVersion": "apps/v1", "kind": "Deployment", "metadata": .object(metadata), "spec": .object(spec),
    ]
    state.withLock { $0.store(object, at: Self.path(namespace, name)) }
  }

  package func send(_ request: ClientRequest, deadline: Duration) async throws(HTTPClientError) -> ClientResponse {
    let result = state.withLock { state -> Result<ClientResponse, HTTPClientError> in state.handle(request) }
    return try result.get()
  }
}
