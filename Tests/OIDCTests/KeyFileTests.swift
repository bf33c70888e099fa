import FoundationEssentials
import JOSE
import OIDC
import TestSupport
import Testing

/// Keys in a file that changes.
struct KeyFileTests {
  /// A directory of its own with the path of a key file in it, removed afterwards.
  private static func withFile(_ body: (URL) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "relaunch-oidc-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try await body(directory.appending(path: "jwks.json"))
  }

  @Test func aChangeIsSeenWithinASecondAndABadOneKeepsTheLastGoodKeys() async throws {
    try await Self.withFile { file in
      let scene = try Scene(source: .file(file.path))
      try Data(scene.mint.keySetDocument).write(to: file)
      try await scene.running {
        let (token, other) = (try scene.token(), try scene.token(scene.other))
        #expect(scene.authenticator.check(token, now: Scene.now) == scene.accepted())
        try Data("<html>".utf8).write(to: file, options: .atomic)
        await scene.pass(.seconds(60))
        #expect(scene.authenticator.check(token, now: Scene.now) == scene.accepted())
        try FileManager.default.removeItem(at: file)
        await scene.pass(.seconds(600))
        #expect(scene.authenticator.check(token, now: Scene.now) == scene.accepted())
        try Data(scene.other.keySetDocument).write(to: file, options: .atomic)
        await scene.pass(.seconds(1))
        #expect(scene.authenticator.check(other, now: Scene.now) == scene.accepted())
        #expect(scene.authenticator.check(token, now: Scene.now) != scene.accepted())
      }
    }
  }

  @Test func aFileThatStaysTheSameIsReadOnceAndNeverGetsOld() async throws {
    try await Self.withFile { file in
      let scene = try Scene(source: .file(file.path))
      try Data(scene.mint.keySetDocument).write(to: file)
      try await scene.running {
        let token = try scene.token()
        await scene.pass(.seconds(100))
        #expect(scene.authenticator.check(token, now: Scene.now) == scene.accepted())
        #expect(scene.store.staleness == .zero)
        #expect(scene.metric(#"relaunch_oidc_key_fetches_total{source="gar",result="loaded"}"#) == "1")
        #expect(scene.metric(#"relaunch_oidc_key_fetches_total{source="gar",result="unchanged"}"#) == "100")
      }
    }
  }

  @Test func aPathThatIsNoFileIsRefusedWithoutWaiting() async throws {
    let scene = try Scene(source: .file("/dev/zero"))
    try await scene.running {
      #expect(!scene.store.isReady)
      #expect(scene.lines.all.contains { $0.contains("/dev/zero: not a regular file") })
    }
  }
}
