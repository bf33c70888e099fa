import Foundation
import HTTP
import HTTPClient
import JSON
import Testing

extension BuiltServer {
  @Suite(.enabled(if: !SeedDocuments.all.isEmpty, "the seed's documents are missing: RELAUNCH_SHARED, or examples/seed"))
  struct RulesTests {
    private static let broken = """
      apiVersion: argoproj.io/v1alpha1
      kind: Sensor
      metadata:
        name: [

      """

    @Test func workBesideABrokenFile() async throws {
      let site = try Site()
      try site.directory.write(Self.broken, to: "rules/broken.yaml")
      let server = try await RunningServer.start(site)
      #expect(try await server.pushed(PushMessage())["outcome"] == "would-restart")
      let ready = try await server.send(.get, server.ops, "/readyz")
      #expect(ready.status == .ok)
      #expect(String(decoding: ready.content, as: UTF8.self).contains("\(site.path)/rules/broken.yaml:"))
      let line = await server.process.errors.first { $0.contains("rule problem") && $0.contains("broken.yaml:") }
      #expect(line?.contains("\"error\"") == true)
      let checked = try await RelaunchBinary.run("check", site.path)
      #expect(checked.status == 1)
      let problem = checked.output.split(separator: "\n").first { $0.hasPrefix("\(site.path)/rules/broken.yaml:") }
      let place = problem?.split(separator: ":").dropFirst().prefix(2).compactMap { Int($0) } ?? []
      #expect(place.count == 2 && (4...5).contains(place[0]), "\(checked.output)")
      #expect(problem?.contains("error") == true)
    }

    @Test func stayAsTheyWereWhileTheirFileIsBroken() async throws {
      let site = try Site()
      let server = try await RunningServer.start(site)
      let before = try await server.ask("/rules").json["generation"]
      for document in SeedDocuments.rules { try site.directory.write(Self.broken, to: "rules/\(document.name)") }
      try await eventually("the server says that earlier versions stay in force") {
        let ready = String(decoding: try await server.send(.get, server.ops, "/readyz").content, as: UTF8.self)
        let lines = ready.split(separator: "\n").filter { $0.hasPrefix("[!]rules \(site.path)/rules/") }
        return lines.count(where: { $0.contains("stays in force") }) == SeedDocuments.rules.count ? .met(()) : .saw(ready)
      }
      #expect(try await server.ask("/rules").json["generation"] == before)
      #expect(try await server.pushed(PushMessage())["outcome"] == "would-restart")
      #expect(try await RelaunchBinary.run("check", site.path).status == 1, "it judges the directory as it stands")
    }

    @Test func passTheCheckWithWarningsOnly() async throws {
      let site = try Site()
      let checked = try await RelaunchBinary.run("check", site.path)
      #expect(checked.status == 0)
      #expect(checked.output.contains("1 sensor, 1 event source, 2 images mapped; 0 errors, "), "\(checked.output)")
    }

    @Test func areCheckedWithTheConfigurationThatNamesThem() async throws {
      let site = try Site()
      let checked = try await RelaunchBinary.run("check", "--config", site.configurationFile)
      #expect(checked.status == 0)
      #expect(checked.output.contains("1 sensor, 1 event source, 2 images mapped; 0 errors, "), "\(checked.output)")
      var configuration = Site.Configuration()
      configuration.more = "wokers: 4"
      try site.configure(configuration)
      for place in [[], [site.path]] {
        let refused = try await RelaunchBinary.run(["check", "--config", site.configurationFile] + place)
        #expect(refused.status == 1)
        #expect(refused.errors.contains("\(site.configurationFile):") && refused.errors.contains("wokers"), "\(refused.errors)")
      }
      configuration = Site.Configuration()
      configuration.sources = Site.Configuration.open
      configuration.push = "{address: 0.0.0.0, port: 0}"
      try site.configure(configuration)
      let open = try await RelaunchBinary.run("check", "--config", site.configurationFile)
      #expect(open.status == 1 && open.errors.contains("only with a loopback push listener"), "\(open.errors)")
      #expect(try await RelaunchBinary.run("check").status == 64)
    }

    /// A mistyped path must not pass for rules that are right.
    @Test func failTheCheckWhereThereAreNone() async throws {
      let directory = try TemporaryDirectory()
      for path in [directory.path, directory.path + "/"] {
        let checked = try await RelaunchBinary.run("check", path)
        #expect(checked.status == 1)
        #expect(
          checked.output == """
            \(directory.path): error: there is no Sensor in it, so no push restarts anything; rules are EventSource, Sensor and \
            WorkflowTemplate documents
            0 sensors, 0 event sources, 0 images mapped; 1 error, 0 warnings
            """)
      }
    }

    /// The kubelet writes a new directory beside the old one and moves the link `..data` over.
    @Test func areReplacedWhenAMountedConfigMapIs() async throws {
      let site = try Site()
      let rules = "\(site.path)/rules"
      try FileManager.default.removeItem(atPath: rules)
      let documents = SeedDocuments.rules
      for document in documents {
        try site.directory.write(document.text, to: "rules/..1/\(document.name)")
        try site.directory.write(
          document.text.replacing("deployment-restart-sensor", with: "renamed-sensor"), to: "rules/..2/\(document.name)")
      }
      let manager = FileManager.default
      try manager.createSymbolicLink(atPath: "\(rules)/..data", withDestinationPath: "..1")
      for document in documents {
        try manager.createSymbolicLink(atPath: "\(rules)/\(document.name)", withDestinationPath: "..data/\(document.name)")
      }
      let server = try await RunningServer.start(site)
      #expect(try await server.ask("/rules").json["sensors"] == ["deployment-restart-sensor"])
      try manager.createSymbolicLink(atPath: "\(rules)/..data_tmp", withDestinationPath: "..2")
      #expect(unsafe rename("\(rules)/..data_tmp", "\(rules)/..data") == 0)
      try await eventually("the new rules are in force") {
        let rules = try await server.ask("/rules").json
        return rules["sensors"] == ["renamed-sensor"] ? .met(()) : .saw(rules.text())
      }
      #expect(try await server.pushed(PushMessage())["outcome"] == "would-restart")
      #expect(server.process.isRunning)
    }
  }
}
