import Foundation
import Glibc
import HTTP
import HTTPClient
import JSON
import Testing

extension BuiltServer {
  /// `relaunch log` on the directories of servers that do not run any more.
  @Suite(.enabled(if: !SeedDocuments.all.isEmpty, "the seed's documents are missing: RELAUNCH_SHARED, or examples/seed"))
  struct LogToolsTests {
    private static let golden = "Tests/DurableLogTests/Golden/version-1"
    private static let hasPython = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
      FileManager.default.isExecutableFile(atPath: "\($0)/python3")
    }

    /// The lines that `relaunch log dump` prints, without those about damage.
    private func dump(_ directory: String, exits status: Int32 = 0) async throws -> [JSONValue] {
      let result = try await RelaunchBinary.run("log", "dump", directory, "--payloads")
      #expect(result.status == status, "\(result.errors)")
      return try lines(result.output).filter { $0["damage"] == nil }
    }

    private func lines(_ text: String) throws -> [JSONValue] {
      try text.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
    }

    // MARK: Another reader

    /// A reader that was written from the document alone sees the same records.
    @Test(.enabled(if: Self.hasPython, "python3 is missing"))
    func aReaderMadeFromTheDocumentSeesTheSame() async throws {
      let (site, _) = try await writtenLog()
      try await compare("\(site.path)/state")
      try await compare(Self.golden)
    }

    private func compare(_ directory: String) async throws {
      let ours = try await dump(directory)
      let result = try await ChildProcess.run("/usr/bin/env", ["python3", "Tests/log_reader.py", directory])
      #expect(result.status == 0, "\(result.errors)")
      let theirs = try lines(result.output)
      #expect(theirs.count == ours.count && ours.count > 20)
      for (theirs, ours) in zip(theirs, ours) {
        for name in ["segment", "offset", "sequence", "type", "schema", "lag", "length"] {
          #expect(theirs[name] == ours[name] && ours[name] != nil, "\(directory): \(name) of \(ours.text())")
        }
        #expect(theirs["events"] == .array(events(ours)), "\(directory): \(ours.text())")
      }
    }

    /// The events that a record speaks of.
    private func events(_ line: JSONValue) -> [JSONValue] {
      guard let payload = line["payload"] else { return [] }
      switch payload["snapshot"] {
      case "event"?: return [payload["event"]?["id"]].compactMap(\.self)
      case "known"?: return (payload["messages"]?.array ?? []).compactMap { $0["id"] }
      default: return [payload["id"] ?? payload["event"]].compactMap(\.self).filter { $0 != "" }
      }
    }

    /// The log of a server with small segments: some of them removed, one closed in order, then killed. Meanwhile nobody else may look.
    private func writtenLog() async throws -> (site: Site, sent: [String]) {
      var configuration = Site.Configuration()
      configuration.more = "dryRun: true\nlogLevel: error\nlog: {bytes: 1048576, segmentBytes: 65536}\nlimits: {history: 100}"
      let site = try Site(configuration)
      let first = try await RunningServer.start(site)
      let refused = try await RelaunchBinary.run("log", "verify", "\(site.path)/state")
      #expect(refused.status == 5 && refused.errors.contains("another process has this log open"), "\(refused.errors)")
      var sent: [String] = []
      for number in 0..<150 {
        let image = number % 10 == 0 ? "us-docker.pkg.dev/acme-prod/apps/unknown:latest" : PushMessage.frontend
        let message = PushMessage(image: image)
        // As Pub/Sub does: while old segments go there may be no room for a moment.
        while try await first.push(message) != .noContent {}
        sent.append(message.id)
      }
      let last = try #require(sent.last)
      _ = try await first.story(last)
      #expect(await first.stop() == 0)
      let second = try await RunningServer.start(site)
      _ = try await second.pushed(PushMessage())
      #expect(await second.stop(SIGKILL) == -SIGKILL)
      let verified = try await RelaunchBinary.run("log", "verify", "\(site.path)/state", "--json")
      let survey = try JSONValue(parsing: Array(verified.output.utf8))
      #expect(verified.status == 0 && survey["verdict"] == "sound", "\(verified.output) \(verified.errors)")
      #expect((survey["checkpoint"]?["oldestSegment"]?.int ?? 0) > 1, "nothing was removed: \(verified.output)")
      #expect(survey["records"]?["clean"] == 1 && (survey["records"]?["snapshot"]?.int ?? 0) > 1, "\(verified.output)")
      return (site, sent)
    }

    // MARK: Output that scripts read

    @Test func dumpsTheGoldenLogAsEver() async throws {
      let expected = try String(contentsOfFile: Self.golden + "/dump.jsonl", encoding: .utf8)
      let result = try await RelaunchBinary.run("log", "dump", Self.golden, "--payloads")
      #expect(result.status == 0 && result.output.split(separator: "\n") == expected.split(separator: "\n"), "\(result.errors)")
      for (options, count) in [
        (["--type", "event,gap"], 3), (["--event", "2"], 2), (["--since", "2026-01-01T00:00:00Z", "--type", "event"], 1),
        (["--until", "2026-01-01T00:00:00Z"], 1), ([], 23),
      ] {
        let result = try await ChildProcess.run(RelaunchBinary.require(), ["log", "dump", Self.golden] + options)
        #expect(try lines(result.output).count == count, "\(options): \(result.output)")
        #expect(!result.output.contains("acme-prod"), "payloads are printed only when asked for")
      }
      let wrong = try await RelaunchBinary.run("log", "dump", Self.golden, "--type", "events")
      #expect(wrong.status == 64)
    }

    @Test func saysWhatIsNoLog() async throws {
      let directory = try TemporaryDirectory()
      for command in [["verify"], ["dump"], ["repair", "--quarantine"]] {
        let result = try await ChildProcess.run(RelaunchBinary.require(), ["log"] + command + [directory.path])
        #expect(result.status == 2 && result.errors.contains("neither a segment"), "\(command): \(result.errors)")
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
    }

    // MARK: Damage

    @Test func aDamagedLogIsRepairedAndServesOn() async throws {
      let site = try Site()
      let state = "\(site.path)/state"
      let first = try await RunningServer.start(site)
      let messages = (0..<6).map { _ in PushMessage() }
      for message in messages { _ = try await first.pushed(message) }
      #expect(await first.stop() == 0)
      let records = try await dump(state)
      let lost = try #require(records.first { $0["type"] == "event" && $0["payload"]?["id"] == .string(messages[2].id) })
      try damage(lost, in: state)

      let refused = try RunningServer.launch(site)
      #expect(await refused.end() == 3)
      await refused.errors.end()
      let sequence = try #require(lost["sequence"]?.int)
      for word in ["seg-0000000000000001.log", "relaunch log verify", "relaunch log repair"] {
        #expect(refused.errors.text.contains(word), "\(refused.errors.text)")
      }
      let verified = try await RelaunchBinary.run("log", "verify", state)
      #expect(verified.status == 3 && verified.output.contains("the payload of record \(sequence) (event) is damaged"))
      #expect(try await dump(state, exits: 3).count == records.count - 1)
      #expect(try await RelaunchBinary.run("log", "repair", state).status == 64)
      let planned = try await RelaunchBinary.run("log", "repair", state, "--quarantine", "--dry-run", "--json")
      #expect(planned.status == 3)
      #expect(
        try lines(planned.output)[0]["lost"]?[0]?["sequences"] == [
          .number(JSONNumber(Int64(sequence))), .number(JSONNumber(Int64(sequence))),
        ])

      let repaired = try await RelaunchBinary.run("log", "repair", state, "--quarantine")
      #expect(
        repaired.status == 0 && repaired.output.contains("records \(sequence) to \(sequence)"),
        "\(repaired.output) \(repaired.errors)")
      #expect(FileManager.default.fileExists(atPath: "\(state)/quarantine/1/report.json"))
      #expect(try await RelaunchBinary.run("log", "verify", state).status == 0)
      let again = try await RelaunchBinary.run("log", "repair", state, "--quarantine")
      #expect(again.status == 0 && again.output.contains("sound"))

      let second = try await RunningServer.start(site)
      #expect(
        Set(try await second.events().compactMap { $0["id"]?.string }) == Set(messages.map(\.id)).subtracting([messages[2].id]))
      let metrics = try await second.send(.get, second.ops, "/metrics")
      #expect(String(decoding: metrics.content, as: UTF8.self).contains("\nrelaunch_log_gaps 1\n"))
      // The lost one is new when it comes again.
      #expect(try await second.pushed(messages[2])["outcome"] != nil)
      #expect(await second.stop() == 0)
    }

    private func damage(_ record: JSONValue, in directory: String) throws {
      let path = "\(directory)/\(try #require(record["segment"]?.string))"
      var bytes = try Data(contentsOf: URL(filePath: path))
      bytes[try #require(record["offset"]?.int) + 40] ^= 1
      try bytes.write(to: URL(filePath: path))
    }
  }
}
