import Clocks
import Foundation
import HTTP
import HTTPClient
import JSON
import Testing

extension BuiltServer {
  /// What the server does to a real cluster.
  @Suite(
    .enabled(if: !SeedDocuments.all.isEmpty, "the seed's documents are missing: RELAUNCH_SHARED, or examples/seed"),
    .enabled(if: ControlPlane.isPresent, "no API server is built: `scripts/control-plane build`, or KUBEBUILDER_ASSETS"),
    .controlPlane, .timeLimit(.minutes(5)))
  struct ControlPlaneTests {
    private static let restartedAt = "kubectl.kubernetes.io/restartedAt"
    private static let provenance = "relaunch.dev/last-restart"

    /// A site whose server talks to the suite's control plane.
    private func site(
      kubeconfig: String = "relaunch.kubeconfig", retry: String = "{attempts: 60, baseDelay: 50ms, maximumDelay: 500ms}"
    )
      throws -> Site
    {
      var configuration = Site.Configuration()
      let file = "\(try ControlPlane.required.directory.path)/\(kubeconfig)"
      configuration.more = "kubernetes: {kubeconfig: \(file), namespaces: [default], circuitProbe: 100ms}\nretry: \(retry)"
      return try Site(configuration)
    }

    /// Makes a Deployment called NAME-deployment of the image NAME, maps one to the other, and gives a message about it.
    private func scene(_ site: Site, _ name: String, isPaused: Bool = false) async throws -> (PushMessage, deployment: String) {
      let image = "us-docker.pkg.dev/acme-prod/apps/\(name):latest"
      try await ControlPlane.required.create("\(name)-deployment", image: image, isPaused: isPaused)
      try site.map(name, to: "\(name)-deployment")
      return (PushMessage(image: image), "\(name)-deployment")
    }

    private func annotation(_ object: JSONValue) -> String? {
      object["spec"]?["template"]?["metadata"]?["annotations"]?[Self.restartedAt]?.string
    }

    private func generation(_ object: JSONValue) -> Int { object["metadata"]?["generation"]?.int ?? -1 }

    @Test func restartsAndChangesNothingElse() async throws {
      let plane = try ControlPlane.required
      try await plane.create("frontend-deployment", image: PushMessage.frontend)
      let before = try await plane.deployment("frontend-deployment")
      let server = try await RunningServer.start(try site())
      let message = PushMessage()
      #expect(try await server.pushed(message)["outcome"] == "succeeded")

      #expect(try await plane.replicaSets("frontend-deployment") == 2)
      let after = try await plane.deployment("frontend-deployment")
      #expect(generation(after) == generation(before) + 1)
      let value = try #require(annotation(after))
      let written = try #require(Timestamp(rfc3339: value))
      #expect(value == written.rfc3339WholeSeconds)
      #expect(written >= message.publishTime.wholeSecond)
      var spec = after["spec"]
      try spec?.remove(["template", "metadata", "annotations"])
      #expect(spec == before["spec"])

      // What the server and its controllers write themselves is left out.
      let own = ["generation", "resourceVersion", "managedFields", "annotations"]
      func metadata(_ object: JSONValue) -> [String: JSONValue] {
        let members = (object["metadata"]?.object.map { Array($0) } ?? []).filter { !own.contains($0.name) }
        return Dictionary(members.map { ($0.name, $0.value) }) { $1 }
      }
      #expect(metadata(after) == metadata(before))
      let annotations = try #require(after["metadata"]?["annotations"]?.object)
      #expect(Set(annotations.names) == ["deployment.kubernetes.io/revision", Self.provenance])
      let note = try JSONValue(parsing: try #require(annotations[Self.provenance]?.string))
      #expect(note["message"] == .string(message.id))
      #expect(note["restartedAt"] == .string(value))
      let managers = after["metadata"]?["managedFields"]?.array?.compactMap { $0["manager"]?.string } ?? []
      #expect(managers.contains("kubectl-rollout"))
    }

    @Test func aRedeliveryRestartsNothing() async throws {
      let plane = try ControlPlane.required
      let site = try site()
      let (message, name) = try await scene(site, "redelivered")
      let first = try await RunningServer.start(site)
      #expect(try await first.pushed(message)["outcome"] == "succeeded")
      #expect(try await first.push(message) == .noContent)
      #expect(await first.stop() == 0)

      // A second server, which has never seen the message: it finds the note on the workload.
      let other = try self.site()
      try other.map("redelivered", to: name)
      let second = try await RunningServer.start(other)
      let story = try await second.pushed(message)
      #expect(story["outcome"] == "succeeded")
      #expect(story["reason"]?.string?.contains("earlier attempt") == true)
      #expect(try await plane.replicaSets(name) == 2)
      #expect(generation(try await plane.deployment(name)) == 2)
    }

    @Test func aMessageOlderThanTheRestartIsSuperseded() async throws {
      let plane = try ControlPlane.required
      let site = try site()
      var (message, name) = try await scene(site, "stale")
      let server = try await RunningServer.start(site)
      #expect(try await server.pushed(message)["outcome"] == "succeeded")
      message.id += "9"
      message.publishTime = message.publishTime - .seconds(60)
      #expect(try await server.pushed(message)["outcome"] == "superseded")
      #expect(try await plane.replicaSets(name) == 2)
    }

    /// The value has whole seconds, and one that is written twice would restart nothing the second time.
    @Test func twoPushesInOneSecondAreTwoRestarts() async throws {
      let plane = try ControlPlane.required
      let site = try site()
      let (first, name) = try await scene(site, "hasty")
      let server = try await RunningServer.start(site)
      #expect(try await server.pushed(first)["outcome"] == "succeeded")
      let one = annotation(try await plane.deployment(name))
      #expect(try await server.pushed(PushMessage(image: first.image))["outcome"] == "succeeded")
      let two = annotation(try await plane.deployment(name))
      #expect(one != nil && two != nil && one != two)
      // Not its ReplicaSets: the controller may come round only once for both, and then makes one.
      #expect(try await plane.deployment(name)["metadata"]?["generation"] == 3)
    }

    @Test func aPausedDeploymentIsADeadLetterInTheWordsOfKubectl() async throws {
      let plane = try ControlPlane.required
      let site = try site()
      let (message, name) = try await scene(site, "paused", isPaused: true)
      let server = try await RunningServer.start(site)
      #expect(try await server.pushed(message)["outcome"] == "dead")
      let letter = try #require(try await server.deadLetters().first)
      #expect(letter["reason"] == "paused")
      #expect(letter["detail"]?.string?.contains("can't restart paused deployment (run rollout resume first)") == true)
      #expect(annotation(try await plane.deployment(name)) == nil)

      try await plane.call(
        .patch, "/apis/apps/v1/namespaces/default/deployments/\(name)", ["spec": ["paused": false]],
        type: "application/merge-patch+json")
      let id = try #require(letter["id"]?.string)
      #expect(try await server.ask("/deadletters/\(id)/replay", .post).status == .accepted)
      #expect(try await server.story(message.id)["outcome"] == "succeeded")
      #expect(annotation(try await plane.deployment(name)) != nil)
    }

    @Test func aMissingDeploymentIsADeadLetter() async throws {
      let site = try site(retry: "{attempts: 2, baseDelay: 10ms, maximumDelay: 10ms}")
      try site.map("missing", to: "missing-deployment")
      let server = try await RunningServer.start(site)
      let message = PushMessage(image: "us-docker.pkg.dev/acme-prod/apps/missing:latest")
      #expect(try await server.pushed(message)["outcome"] == "dead")
      let detail = try await server.deadLetters().first?["detail"]?.string
      #expect(detail?.contains("missing-deployment") == true)
      #expect(detail?.contains("not found") == true)
    }

    @Test func aNamespaceThatIsNotAllowedIsADeadLetter() async throws {
      let site = try site()
      try site.map("elsewhere", to: "coredns", namespace: "kube-system")
      let server = try await RunningServer.start(site)
      let message = PushMessage(image: "us-docker.pkg.dev/acme-prod/apps/elsewhere:latest")
      #expect(try await server.pushed(message)["outcome"] == "dead")
      #expect(try await server.deadLetters().first?["reason"] == "namespace")
    }

    /// The other tests show that the chart's rights are enough.
    @Test(.enabled(if: ControlPlane.chartRoles != nil, "RELAUNCH_CHART_ROLES is not set: scripts/check-chart renders the roles"))
    func theChartGivesNoFurtherRights() async throws {
      let plane = try ControlPlane.required
      let token = try plane.serverToken()
      try await plane.create("kept", image: PushMessage.frontend)
      let deployments = "/apis/apps/v1/namespaces/default/deployments"
      #expect(try await plane.call(.get, "\(deployments)/kept", token: token)["kind"] == "Deployment")
      let refused: [(HTTPMethod, String)] = [
        (.get, deployments), (.delete, "\(deployments)/kept"), (.put, "\(deployments)/kept"),
        (.patch, "\(deployments)/kept/scale"),
        (.get, "/apis/apps/v1/namespaces/default/statefulsets/kept"), (.get, "/api/v1/namespaces/default/secrets"),
        (.get, "/api/v1/namespaces/default/configmaps/kept"), (.get, "/api/v1/namespaces/default/pods"),
        (.get, "/api/v1/namespaces/relaunch/secrets/any"),
        (.get, "/apis/apps/v1/namespaces/kube-system/deployments/coredns"),
        (.get, "/apis/apps/v1/namespaces/relaunch/deployments/any"), (.post, "/api/v1/namespaces/default/serviceaccounts"),
      ]
      for (method, path) in refused {
        let body: JSONValue? = method == .get || method == .delete ? nil : try await plane.deployment("kept")
        let type = method == .patch ? "application/merge-patch+json" : "application/json"
        await #expect("\(method) \(path)") { () async throws in
          try await plane.call(method, path, body, type: type, token: token)
        } throws: {
          "\($0)".contains("403 Forbidden")
        }
      }
    }

    /// What a role does not reach is a dead letter that says so, though the server's own list would allow it.
    @Test(.enabled(if: ControlPlane.chartRoles != nil, "RELAUNCH_CHART_ROLES is not set: scripts/check-chart renders the roles"))
    func aNamespaceWithoutTheChartsRoleIsForbidden() async throws {
      var configuration = Site.Configuration()
      let file = "\(try ControlPlane.required.directory.path)/relaunch.kubeconfig"
      configuration.more = """
        kubernetes: {kubeconfig: \(file), namespaces: [kube-system]}
        retry: {attempts: 2, baseDelay: 10ms, maximumDelay: 10ms}
        """
      let site = try Site(configuration)
      try site.map("elsewhere", to: "coredns", namespace: "kube-system")
      let server = try await RunningServer.start(site)
      let message = PushMessage(image: "us-docker.pkg.dev/acme-prod/apps/elsewhere:latest")
      #expect(try await server.pushed(message)["outcome"] == "dead")
      #expect(try await server.deadLetters().first?["reason"] == "forbidden")
      let metrics = String(decoding: try await server.send(.get, server.ops, "/metrics").content, as: UTF8.self)
      #expect(metrics.contains("relaunch_attempts_failed_total{reason=\"forbidden\"} 2\n"), "\(metrics)")
    }

    /// Each missing right is named in turn, and once both are given a replay does the work.
    @Test func namesTheRightsThatAreMissing() async throws {
      let plane = try ControlPlane.required
      let site = try site(kubeconfig: "limited.kubeconfig", retry: "{attempts: 2, baseDelay: 10ms, maximumDelay: 10ms}")
      let (message, name) = try await scene(site, "guarded")
      let server = try await RunningServer.start(site)
      #expect(try await server.pushed(message)["outcome"] == "dead")
      try await plane.call(
        .post, "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings",
        [
          "metadata": ["name": "limited"],
          "roleRef": ["apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "limited"],
          "subjects": [["apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "limited"]],
        ])
      let roles = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles"
      for (verb, next) in [("get", "dead"), ("patch", "succeeded")] {
        let letter = try #require(try await server.deadLetters().first)
        #expect(letter["reason"] == "forbidden")
        #expect(letter["detail"]?.string?.contains(verb) == true, "\(letter)")
        #expect(letter["detail"]?.string?.contains("deployments") == true)
        let verbs: JSONValue = verb == "get" ? ["get"] : ["get", "patch"]
        let role: JSONValue = [
          "metadata": ["name": "limited"], "rules": [["apiGroups": ["apps"], "resources": ["deployments"], "verbs": verbs]],
        ]
        if verb == "get" {
          try await plane.call(.post, roles, role)
        } else {
          try await plane.call(.put, "\(roles)/limited", role)
        }
        try await allows(verb, plane)
        let id = try #require(letter["id"]?.string)
        #expect(try await server.ask("/deadletters/\(id)/replay", .post).status == .accepted)
        #expect(try await server.story(message.id)["outcome"] == .string(next))
      }
      #expect(try await plane.replicaSets(name) == 2)
    }

    /// Waits until the API server's view of the roles lets user `limited` do it.
    private func allows(_ verb: String, _ plane: ControlPlane) async throws {
      let review: JSONValue = [
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
        "spec": [
          "resourceAttributes": ["group": "apps", "resource": "deployments", "namespace": "default", "verb": .string(verb)]
        ],
      ]
      try await eventually("the right to \(verb)") {
        let answer = try await plane.call(
          .post, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review, token: "limitedtoken")
        return answer["status"]?["allowed"] == true ? .met(()) : .saw(answer["status"]?.text() ?? "")
      }
    }

    @Test func waitsForTheAPIServer() async throws {
      let plane = try ControlPlane.required
      let site = try site(retry: "{attempts: 1000, baseDelay: 50ms, maximumDelay: 500ms}")
      let (message, name) = try await scene(site, "patient")
      let server = try await RunningServer.start(site)
      try await plane.down()
      #expect(try await server.push(message) == .noContent)
      let failed = await server.process.errors.first { $0.contains("attempt failed") }
      #expect(failed?.contains(name) == true)
      #expect(try await server.ask("/events/\(message.id)").json["outcome"] == "running")
      try await eventually("the job is listed") {
        let jobs = try await server.ask("/jobs").json
        return jobs["jobs"]?.array?.count == 1 ? .met(()) : .saw(jobs.text())
      }
      try await plane.up()
      #expect(try await server.story(message.id, looks: 1200)["outcome"] == "succeeded")
      #expect(try await plane.replicaSets(name) == 2)
    }

    @Test func aServerKilledWhileItWaitsDoesTheWorkAfterItsRestart() async throws {
      let plane = try ControlPlane.required
      let site = try site(retry: "{attempts: 1000, baseDelay: 50ms, maximumDelay: 500ms}")
      let (message, name) = try await scene(site, "killed")
      let first = try await RunningServer.start(site)
      try await plane.down()
      #expect(try await first.push(message) == .noContent)
      _ = await first.process.errors.first { $0.contains("attempt failed") }
      await first.stop(SIGKILL)
      try await plane.up()
      let second = try await RunningServer.start(site)
      #expect(try await second.story(message.id, looks: 1200)["outcome"] == "succeeded")
      #expect(try await plane.replicaSets(name) == 2)
    }

    /// Whatever the moment at which the server is killed, each message restarts its Deployment, and none does it twice.
    @Test(arguments: KillMoment.allCases) func restartsOnceWheneverItIsKilled(_ moment: KillMoment) async throws {
      let plane = try ControlPlane.required
      let site = try site()
      var scenes: [(message: PushMessage, deployment: String)] = []
      for number in 0..<3 { scenes.append(try await scene(site, "\(moment.rawValue)-\(number)")) }
      let first = try await RunningServer.start(site)
      for (message, _) in scenes { #expect(try await first.push(message) == .noContent) }
      if let event = moment.event {
        let id = scenes[0].message.id
        #expect(await first.process.errors.first { $0.contains("\"\(event)\"") && $0.contains(id) } != nil)
      }
      await first.stop(SIGKILL)

      let second = try await RunningServer.start(site)
      for (message, deployment) in scenes {
        // Pub/Sub does not know what became of it, and may send it again.
        #expect(try await second.push(message) == .noContent)
        #expect(try await second.story(message.id)["outcome"] == "succeeded")
        #expect(try await plane.replicaSets(deployment) == 2)
        #expect(generation(try await plane.deployment(deployment)) == 2)
      }
    }

    /// What of the first of three messages has been logged when the server is killed.
    enum KillMoment: String, CaseIterable, Sendable {
      case acknowledged, decided, finished

      var event: String? { self == .acknowledged ? nil : rawValue }
    }

    @Test func showsItsClientCertificate() async throws {
      let plane = try ControlPlane.required
      let directory = plane.directory.path
      try await openssl(
        "req", "-newkey", "rsa:2048", "-nodes", "-keyout", "\(directory)/certs/person.key", "-out",
        "\(directory)/certs/person.csr",
        "-subj", "/O=system:masters/CN=person")
      try await openssl(
        "x509", "-req", "-in", "\(directory)/certs/person.csr", "-CA", "\(directory)/certs/ca.crt", "-CAkey",
        "\(directory)/certs/ca.key", "-CAcreateserial", "-out", "\(directory)/certs/person.crt", "-days", "1")
      try kubeconfig(
        "person", user: "client-certificate: certs/person.crt, client-key: certs/person.key", authority: "certs/ca.crt")
      let site = try site(kubeconfig: "person.kubeconfig")
      let (message, name) = try await scene(site, "certified")
      let server = try await RunningServer.start(site)
      #expect(try await server.pushed(message)["outcome"] == "succeeded")
      #expect(try await plane.replicaSets(name) == 2)
    }

    @Test func trustsNoOtherAuthority() async throws {
      let plane = try ControlPlane.required
      let directory = plane.directory.path
      try await openssl(
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "\(directory)/certs/other.key", "-out",
        "\(directory)/certs/other.crt", "-subj", "/CN=test-ca", "-days", "1")
      try kubeconfig("other", user: "token: admintoken", authority: "certs/other.crt")
      let site = try site(kubeconfig: "other.kubeconfig", retry: "{attempts: 2, baseDelay: 10ms, maximumDelay: 10ms}")
      let (message, name) = try await scene(site, "impostor")
      let server = try await RunningServer.start(site)
      #expect(try await server.pushed(message)["outcome"] == "dead")
      let detail = try await server.deadLetters().first?["detail"]?.string
      #expect(detail?.contains("certificate") == true, "\(detail ?? "")")
      #expect(generation(try await plane.deployment(name)) == 1)
    }

    private func openssl(_ arguments: String...) async throws {
      let result = try await ChildProcess.run("/usr/bin/env", ["openssl"] + arguments)
      guard result.status == 0 else { throw Unmet("openssl \(arguments): \(result.errors)") }
    }

    /// Writes a kubeconfig beside the control plane's own.
    private func kubeconfig(_ name: String, user: String, authority: String) throws {
      let directory = try ControlPlane.required.directory
      let own = String(decoding: try Data(contentsOf: URL(filePath: "\(directory.path)/admin.kubeconfig")), as: UTF8.self)
      try directory.write(
        own.replacing("certs/ca.crt", with: authority).replacing("token: admintoken", with: user), to: "\(name).kubeconfig")
    }
  }
}

extension JSONValue {
  /// Takes the member at the end of `path` away. Empty objects on the way stay, except the one that held it.
  fileprivate mutating func remove(_ path: [String]) throws {
    guard let name = path.first, var members = object else { return }
    if path.count == 1 {
      members[name] = nil
    } else {
      var inner = members[name] ?? .null
      try inner.remove(Array(path.dropFirst()))
      members[name] = inner
    }
    self = .object(members)
  }
}
