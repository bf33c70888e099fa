import Kubernetes
import Events
import TestSupport
import Testing

@Suite struct RestartNotesTests {
  private static let pushed = "europe-docker.pkg.dev/acme/apps/web:latest"
  private static let repository = "europe-docker.pkg.dev/acme/apps/web"
  private static let digest = "@sha256:" + String(repeating: "a", count: 64)

  private func deployment(_ images: [String], pullPolicy: String = "Always") throws -> Deployment {
    let server = FakeAPIServer()
    server.addDeployment("default", "web", images: images, pullPolicy: pullPolicy)
    return try #require(server.deployment("default", "web").flatMap { Deployment($0) })
  }

  private func request(_ image: String?) -> RestartRequest {
    RestartRequest(namespace: "default", name: "web", messageID: "m", image: image.flatMap { ImageReference($0) })
  }

  @Test(
    arguments: [
      ([pushed], "Always", []), ([repository], "Always", []),
      (["nginx"], "Always", [#"no container uses an image of "europe-docker.pkg.dev/acme/apps/web""#]),
      (
        [repository + ":v1"], "Always",
        [#"tag "latest" was pushed, but the containers use "v1": the restart brings that back"#]
      ),
      (
        ["nginx", pushed], "IfNotPresent",
        [#"container "c1" has imagePullPolicy "IfNotPresent": nodes may start the old image again"#]
      ),
      ([pushed, repository + digest], "Always", []),
    ] as [([String], String, [String])])
  func whatMayUndoTheRestartIsNoted(_ images: [String], _ pullPolicy: String, _ expected: [String]) throws {
    #expect(RolloutRestart.notes(try deployment(images, pullPolicy: pullPolicy), for: request(Self.pushed)) == expected)
  }

  @Test(
    arguments: [
      ([repository + digest], true), ([repository + ":latest" + digest, "nginx"], true),
      // One container takes the tag: the restart serves it.
      ([repository + digest, pushed], false), (["nginx" + digest], false), ([], false),
    ])
  func onlyAPinInEveryContainerOfTheImageSkips(_ images: [String], _ isSkipped: Bool) throws {
    let decision = RolloutRestart.decide(try deployment(images), for: request(Self.pushed), now: time("2026-11-23T14:00:05Z"))
    #expect((decision == .finish(.skipped(.digestPinned))) == isSkipped)
  }

  @Test func theNamespaceListIsAnAllowList() {
    #expect(NamespacePolicy(["a", "b"]).allows("a"))
    #expect(!NamespacePolicy(["a", "b"]).allows("c"))
    #expect(NamespacePolicy(["*"]).allows("kube-system"))
    #expect(!NamespacePolicy([]).allows("default"))
  }
}
