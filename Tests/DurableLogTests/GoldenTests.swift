import Clocks
@testable import DurableLog
import FoundationEssentials
import Testing

/// Logs of each version of the format, as they were committed when it was new; `GoldenLogTests` of the deployer says what is in them.
struct GoldenTests {
  private static let versions = 1...1

  private static func directory(_ version: Int) -> String {
    #filePath.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/Golden/version-\(version)"
  }

  @Test(arguments: versions) func isSoundAndReadWithoutAChange(version: Int) throws {
    let directory = Self.directory(version)
    let before = try files(directory)
    var kinds: [RecordKind?] = []
    let survey = try LogInspection.run(directory) { finding in
      if case .record(let record) = finding { kinds.append(record.kind) }
    }
    #expect(survey.isSound && survey.damages == [] && survey.tornTail == nil)
    // Retention has removed the first; of the others one is sealed, one closed, one open with zeros ahead.
    #expect(survey.segments.map(\.end) == [.sealed, .clean, .open])
    #expect(
      survey.checkpoint?.oldestSegment == survey.segments.first?.firstSequence && (survey.checkpoint?.oldestSegment ?? 0) > 1)
    #expect(survey.segments.last.map { $0.byteCount > $0.usedBytes } == true)
    #expect(Set(kinds) == Set(RecordKind.allCases))
    #expect(try files(directory) == before)
  }

  /// A golden log that is damaged, and repaired by this version.
  @Test(arguments: versions) func canBeRepaired(version: Int) throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/log"
    try FileManager.default.copyItem(atPath: Self.directory(version), toPath: path)
    let original = try payloads(path)
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasPrefix("seg-") }.min())
    var bytes = try Data(contentsOf: URL(filePath: "\(path)/\(name)"))
    bytes[4096 + 40] ^= 1
    try bytes.write(to: URL(filePath: "\(path)/\(name)"))
    guard case .repaired(let report) = try LogRepair.run(path, isDryRun: false, clock: FixedClock(), describe: { _ in [] }) else {
      Issue.record("not repaired")
      return
    }
    #expect(report.gaps.flatMap(\.records).map(\.kind) == [.event])
    let found = try payloads(path)
    #expect(Array(found.dropFirst()) == Array(original.dropFirst()) && found.count == original.count)
    let moved = try files(path + "/quarantine/1")
    #expect(moved[name] == Data(bytes) && moved.count == 5)
    // Once more it is another quarantine.
    #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/quarantine") == ["1"])
  }

  private func files(_ directory: String) throws -> [String: Data] {
    let names = try FileManager.default.contentsOfDirectory(atPath: directory)
    return Dictionary(uniqueKeysWithValues: try names.map { ($0, try Data(contentsOf: URL(filePath: "\(directory)/\($0)"))) })
  }

  private func payloads(_ directory: String) throws -> [[UInt8]] {
    var payloads: [[UInt8]] = []
    _ = try LogInspection.run(directory) { finding in
      if case .record(let record) = finding, record.kind?.isInternal != true { payloads.append(record.payload) }
    }
    return payloads
  }
}
