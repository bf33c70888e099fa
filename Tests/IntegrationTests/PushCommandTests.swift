import JSON
import Testing

extension BuiltServer {
  /// `relaunch push`, and what the server makes of what it sends.
  @Suite(.enabled(if: !SeedDocuments.all.isEmpty, "the seed's documents are missing: RELAUNCH_SHARED, or examples/seed"))
  struct PushCommandTests {
    private static let repository = "us-docker.pkg.dev/acme-prod/apps/my-app-frontend"
    private static let digest = "sha256:" + String(repeating: "0123456789abcdef", count: 4)

    @Test(arguments: [
      (["--image", repository], "--image \(repository): without a tag no workload is meant; write \(repository):TAG"),
      (["--image", "localhost:5000/web"], "write localhost:5000/web:TAG"),
      (["--image", "//"], "--image //: this names no image; write HOST/PATH:TAG"),
      (["--image", ""], "this names no image"),
      (["--image", "\(repository)@\(digest)", "--digest", digest], "--digest: --image names a digest already"),
    ])
    func refusesWhatTheRegistryNeverSends(_ arguments: [String], _ sentence: String) async throws {
      let refused = try await ChildProcess.run(
        try RelaunchBinary.require(), ["push", "--to", "http://127.0.0.1:1/push/gar"] + arguments, environment: [:])
      #expect(refused.status == 64)
      #expect(refused.errors.contains(sentence), "\(refused.errors)")
    }

    /// As the registry tells of a tag, of a manifest without one, and of their deletion.
    @Test(arguments: [
      (["--image", "\(repository):latest"], "would-restart", true, true),
      (["--image", "\(repository):latest@\(digest)"], "would-restart", true, true),
      (["--image", "\(repository)@\(digest)"], "ignored", false, true),
      (["--image", "\(repository):latest", "--action", "DELETE"], "ignored", true, false),
      (["--image", "\(repository)@\(digest)", "--action", "DELETE"], "ignored", false, true),
    ])
    func sendsWhatTheRegistrySends(_ arguments: [String], _ outcome: String, _ hasTag: Bool, _ hasDigest: Bool) async throws {
      var configuration = Site.Configuration()
      configuration.sources = Site.Configuration.open
      let server = try await RunningServer.start(Site(configuration))
      let place = ["--to", "\(server.push)/push/gar", "--message-id", "7"]
      let pushed = try await ChildProcess.run(try RelaunchBinary.require(), ["push"] + place + arguments, environment: [:])
      #expect(pushed.status == 0, "\(pushed.errors)")
      let story = try await server.story("7")
      #expect(story["outcome"] == .string(outcome))
      let data = story["message"]?["data"]
      #expect(data?["tag"] == (hasTag ? .string("\(Self.repository):latest") : nil))
      #expect((data?["digest"]?.string?.hasPrefix("\(Self.repository)@sha256:") ?? false) == hasDigest)
    }
  }
}
