import Foundation
import HTTP
import HTTPClient
import JSON
import OpenSSL
import Testing
import Transport

/// A real Kubernetes control plane: etcd, API server and controller manager, as `scripts/control-plane` starts them. No kubelet:
/// Deployments get ReplicaSets, and their pods stay pending.
final class ControlPlane: Sendable {
  /// The one of the suite that runs.
  @TaskLocal static var current: ControlPlane?

  let directory: TemporaryDirectory
  private let origin: Origin
  private let client: HTTPClient

  private static let script = FileManager.default.currentDirectoryPath + "/scripts/control-plane"

  /// Whether starting one takes seconds: building its programs, which the script would do, takes minutes.
  static let isPresent: Bool = {
    let environment = ProcessInfo.processInfo.environment
    let cache = environment["XDG_CACHE_HOME"] ?? NSHomeDirectory() + "/.cache"
    return [environment["KUBEBUILDER_ASSETS"], cache + "/relaunch/control-plane"].compactMap(\.self).contains { directory in
      ["kube-apiserver", "kube-controller-manager"].allSatisfy {
        FileManager.default.isExecutableFile(atPath: "\(directory)/\($0)")
      }
    }
  }()

  static var required: ControlPlane {
    get throws {
      guard let current else { throw Unmet("the suite has no control plane: it lacks the trait .controlPlane") }
      return current
    }
  }

  init() async throws {
    let directory = try TemporaryDirectory()
    try await Self.run("up", directory.path)
    func file(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: "\(directory.path)/\(name)"))) }
    guard let port = UInt16(String(decoding: try file("port"), as: UTF8.self).filter(\.isNumber)) else {
      throw Unmet("the control plane wrote no port")
    }
    self.directory = directory
    origin = Origin(isSecure: true, host: "127.0.0.1", port: port)
    let tls = try TLSContext.client(trust: .authorities(pem: try file("certs/ca.crt")))
    client = HTTPClient(HTTPClient.Configuration(tls: tls), on: try Loop(name: "test.control-plane"))
    try await giveRights()
  }

  deinit { client.shutDown() }

  /// Starts it again after `down`, on the same port with the same objects.
  func up() async throws { try await Self.run("up", directory.path) }
  func down() async throws { try await Self.run("down", directory.path) }

  private static func run(_ arguments: String...) async throws {
    let inherited = ProcessInfo.processInfo.environment.filter {
      ["HOME", "KUBEBUILDER_ASSETS", "XDG_CACHE_HOME"].contains($0.key)
    }
    let result = try await ChildProcess.run(script, arguments, environment: inherited)
    guard result.status == 0 else { throw Unmet("control-plane \(arguments) ends with \(result.status): \(result.errors)") }
  }

  // MARK: Rights

  /// The rights that the chart gives, as scripts/check-chart renders them: in namespace default, to a service account of namespace relaunch.
  static let chartRoles = ProcessInfo.processInfo.environment["RELAUNCH_CHART_ROLES"]

  /// Makes `relaunch.kubeconfig`, with which servers work: a token of the chart's service account, which has the chart's roles and nothing
  /// else. Where nobody has rendered them it is the administrator's.
  private func giveRights() async throws {
    let own = String(decoding: try Data(contentsOf: URL(filePath: "\(directory.path)/admin.kubeconfig")), as: UTF8.self)
    guard let path = Self.chartRoles else { return try directory.write(own, to: "relaunch.kubeconfig") }
    try await call(.post, "/api/v1/namespaces", ["metadata": ["name": "relaunch"]])
    for object in try JSONValue(parsing: Array(try Data(contentsOf: URL(filePath: path)))).array ?? [] {
      guard let kind = object["kind"]?.string, let version = object["apiVersion"]?.string else { continue }
      let namespace = object["metadata"]?["namespace"]?.string.map { "/namespaces/\($0)" } ?? ""
      let root = version.contains("/") ? "/apis/\(version)" : "/api/\(version)"
      try await call(.post, "\(root)\(namespace)/\(kind.lowercased())s", object)
    }
    let answer = try await call(
      .post, "/api/v1/namespaces/relaunch/serviceaccounts/relaunch/token",
      ["apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": ["expirationSeconds": 3600]])
    guard let token = answer["status"]?["token"]?.string else { throw Unmet("no token: \(answer.text())") }
    try directory.write(own.replacing("token: admintoken", with: "token: \(token)"), to: "relaunch.kubeconfig")
    // The roles are in force once the API server's own watch has seen them.
    try await eventually("the service account may get and patch") { () -> Look<Void> in
      for verb in ["get", "patch"] {
        let review: JSONValue = [
          "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
          "spec": [
            "resourceAttributes": ["group": "apps", "resource": "deployments", "namespace": "default", "verb": .string(verb)]
          ],
        ]
        let answer = try await call(.post, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review, token: token)
        guard answer["status"]?["allowed"] == true else { return .saw(answer["status"]?.text() ?? "") }
      }
      return .met(())
    }
  }

  /// The token with which servers work.
  func serverToken() throws -> String {
    let text = String(decoding: try Data(contentsOf: URL(filePath: "\(directory.path)/relaunch.kubeconfig")), as: UTF8.self)
    guard let token = text.firstMatch(of: /token: ([^}]+)\}/)?.output.1 else { throw Unmet("relaunch.kubeconfig has no token") }
    return String(token)
  }

  // MARK: Objects

  /// Calls the API server, as the administrator unless told otherwise.
  @discardableResult func call(
    _ method: HTTPMethod, _ path: String, _ body: JSONValue? = nil, type: String = "application/json",
    token: String = "admintoken"
  ) async throws -> JSONValue {
    let request = ClientRequest(
      method, origin, path, fields: HTTPFields([(.authorization, "Bearer \(token)"), (.contentType, type)]),
      content: body?.serialized() ?? [])
    let response = try await client.send(request, deadline: .seconds(20))
    guard response.status.isSuccess else {
      throw Unmet("\(method) \(path): \(response.status) \(String(decoding: response.content, as: UTF8.self))")
    }
    return try JSONValue(parsing: response.content)
  }

  private static func path(_ name: String) -> String { "/apis/apps/v1/namespaces/default/deployments/\(name)" }

  func deployment(_ name: String) async throws -> JSONValue { try await call(.get, Self.path(name)) }

  /// Makes a Deployment and waits for its ReplicaSet.
  func create(_ name: String, image: String, isPaused: Bool = false) async throws {
    let container: JSONValue = ["name": "main", "image": .string(image)]
    let labels: JSONValue = ["app": .string(name)]
    try await call(
      .post, "/apis/apps/v1/namespaces/default/deployments",
      [
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": .string(name)],
        "spec": [
          "replicas": 1, "paused": .bool(isPaused), "selector": ["matchLabels": labels],
          "template": ["metadata": ["labels": labels], "spec": ["containers": [container]]],
        ],
      ])
    try await settle(name)
  }

  /// Waits until the controller has seen the Deployment as it is.
  func settle(_ name: String) async throws {
    try await eventually("the controller has seen \(name)") {
      let object = try await deployment(name)
      let seen = object["status"]?["observedGeneration"]?.int
      return seen != nil && seen == object["metadata"]?["generation"]?.int
        ? .met(()) : .saw(object["status"]?.text() ?? "nothing")
    }
  }

  /// How many ReplicaSets the Deployment has, which is how often its pods were replaced, and one.
  func replicaSets(_ name: String) async throws -> Int {
    try await settle(name)
    let list = try await call(.get, "/apis/apps/v1/namespaces/default/replicasets?labelSelector=app%3D\(name)")
    return list["items"]?.array?.count ?? 0
  }
}

/// Gives a suite a control plane, and stops it after the suite's last test.
struct ControlPlaneTrait: SuiteTrait, TestScoping {
  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable @concurrent () async throws -> Void
  ) async throws {
    let plane = try await ControlPlane()
    do {
      try await ControlPlane.$current.withValue(plane) { try await function() }
    } catch {
      try await plane.down()
      throw error
    }
    try await plane.down()
  }
}

extension Trait where Self == ControlPlaneTrait {
  static var controlPlane: Self { ControlPlaneTrait() }
}
