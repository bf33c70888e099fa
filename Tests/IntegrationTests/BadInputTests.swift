import Foundation
import HTTP
import HTTPClient
import TestSupport
import Testing

extension BuiltServer {
  /// What hostile peers send, sent by programs that are none of ours.
  struct BadInputTests {
    /// Deadlines that let the cases end which wait for one.
    private static let hurried: Site.Configuration = {
      var configuration = Site.Configuration()
      configuration.push = "{address: 127.0.0.1, port: 0, dispatchLog: dispatched.log}"
      let deadlines = ["handshake", "head", "content", "idle", "write"].map { "\($0)Deadline: 1s" }
      configuration.more = "dryRun: true\nlimits: {\(deadlines.joined(separator: ", "))}"
      return configuration
    }()

    private static func script(_ name: String) -> String? {
      guard let directory = SharedData.directory else { return nil }
      let path = "\(directory)/tools/\(name)"
      return FileManager.default.isReadableFile(atPath: path) ? path : nil
    }

    private static let corpus = script("run_http_bad_inputs.py")
    private static let attacks = script("h2_attacks.py")
    private static let python = PythonEnvironment("hpack", modules: "hpack", packages: ["hpack"])

    @Test(
      .enabled("python3, or the corpus of HTTP/1.1 requests, is missing: RELAUNCH_SHARED") {
        let python = try? await ChildProcess.run("/usr/bin/env", ["python3", "-c", ""])
        return python?.status == 0 && Self.corpus != nil
      })
    func theCorpusOfHTTP1IsAnsweredAsItSays() async throws {
      let server = try await RunningServer.start(Site(Self.hurried))
      let log = "\(server.site.path)/dispatched.log"
      let result = try await ChildProcess.run(
        "/usr/bin/env", ["python3", try #require(Self.corpus), "\(server.push.port)", "--dispatch-log", log])
      // It ends with 0 where all is as expected, nothing was smuggled, and the server lives.
      #expect(result.status == 0, "\(result.output) \(result.errors)")
      #expect(result.output.contains("0 not, smuggled dispatches 0, server alive True"), "\(result.output)")
      #expect(try String(contentsOfFile: log, encoding: .utf8).contains("/"), "the log of dispatches is none")
      #expect(try await server.push(PushMessage()) == .noContent)
    }

    @Test(
      .enabled("the attacks on HTTP/2, or Python with hpack, are not to be had: RELAUNCH_SHARED, the package index") {
        guard Self.attacks != nil else { return false }
        return await Self.python.path != nil
      })
    func attacksOnHTTP2CostTheServerLittle() async throws {
      let server = try await RunningServer.start(Site(Self.hurried))
      let result = try await ChildProcess.run(
        "/usr/bin/env",
        [
          try #require(await Self.python.path), try #require(Self.attacks), "\(server.push.port)",
          "\(server.process.identifier)",
        ])
      #expect(result.status == 0, "\(result.errors)")
      let probes = result.output.split(separator: "\n").compactMap { Probe($0) }
      #expect(probes.count == 17, "\(result.output)")
      for probe in probes {
        #expect(probe.isAlive, "\(probe)")
        #expect(probe.cpu < 1, "\(probe)")
        #expect(probe.growthKiB < 16 << 10, "\(probe)")
      }
      let floods: Set = [
        "rapid_reset", "self_reset", "continuation", "empty_continuation", "ping", "settings", "big_settings", "empty_data",
        "priority", "window", "unknown", "big_frame",
      ]
      for probe in probes where floods.contains(probe.name) { #expect(probe.text.contains("closed=True"), "\(probe)") }
      let half = try #require(probes.first { $0.name == "half_preface" })
      #expect(half.text.contains("closed after 3 s: 200"), "\(half)")
      let heads = try #require(probes.first { $0.name == "bad_headers" })
      #expect(heads.text.contains("host differs: RST {1: 1}") && !heads.text.contains("ACCEPTED"), "\(heads)")
      #expect(try await server.push(PushMessage()) == .noContent)
    }

    /// A line of what the attacks print: `name 0.0s cpu 0.01s rss +64 kB alive True | text`.
    private struct Probe: CustomStringConvertible {
      let name: String
      let cpu: Double
      let growthKiB: Int
      let isAlive: Bool
      let text: String
      let description: String

      init?(_ line: Substring) {
        let parts = line.split(separator: "|", maxSplits: 1)
        let words = parts[0].split(separator: " ").map(String.init)
        func word(after label: String) -> String? { words.firstIndex(of: label).map { words[$0 + 1] } }
        guard parts.count == 2, let name = words.first, let cpu = word(after: "cpu").flatMap({ Double($0.dropLast()) }),
          let growth = word(after: "rss").flatMap({ Int($0) })
        else { return nil }
        self.name = name
        self.cpu = cpu
        growthKiB = growth
        isAlive = word(after: "alive") == "True"
        text = String(parts[1])
        description = String(line)
      }
    }
  }
}
