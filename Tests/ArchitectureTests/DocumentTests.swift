import FoundationEssentials
import TestSupport
import Testing

/// What the documents claim about the repository.
struct DocumentTests {
  private static func documents() throws -> [String] {
    try Repository.names(in: ".").filter { $0.hasSuffix(".md") } + Repository.files(below: "docs", endingIn: ".md")
      + ["charts/relaunch/README.md"]
  }

  @Test(arguments: [("README.md", 200), ("ARCHITECTURE.md", 300)])
  func staysShort(document: String, limit: Int) throws {
    #expect(try Repository.lines(document).count < limit)
  }

  @Test(arguments: try Self.documents())
  func linksLeadSomewhere(document: String) throws {
    let directory = document.lastIndex(of: "/").map { String(document[...$0]) } ?? ""
    let targets = try Repository.text(document).matches(of: /\]\(([^)\s]+)\)/).map { String($0.output.1) }
    let relative = targets.filter { !$0.contains("://") && !$0.hasPrefix("mailto:") }
    let broken = try relative.filter { target in
      let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
      let file = parts[0].isEmpty ? document : "\(directory)\(parts[0])"
      guard Repository.exists(file) else { return true }
      return parts.count == 2 ? !(try Self.anchors(file).contains(String(parts[1]))) : false
    }
    #expect(broken == [])
  }

  /// The headings of a document as GitHub makes anchors of them.
  private static func anchors(_ file: String) throws -> [String] {
    try Repository.lines(file).filter { $0.hasPrefix("#") }.map { line in
      line.drop { $0 == "#" }.dropFirst().lowercased().filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" }
        .replacing(" ", with: "-")
    }
  }

  @Test(arguments: [
    "scripts/quickstart", "scripts/test", "scripts/fuzz", "scripts/sanitize", "scripts/crash-test",
    "scripts/install-dependencies",
    "scripts/build-release", "scripts/check-chart", "scripts/chart-readme", ".ci/run",
  ])
  func scriptsCanBeExecuted(script: String) {
    #expect(FileManager.default.isExecutableFile(atPath: "\(Repository.root)/\(script)"))
  }

  @Test(
    .enabled(if: SharedData.isPresent, "the seed is beside the checkout, not in it"),
    arguments: ["rules/events.yaml", "rules/workflowtemplate.yaml", "mapping/configmap.yaml"])
  func examplesAreTheSeedWordForWord(file: String) throws {
    let example = try Repository.text("examples/seed/\(file)")
    #expect(try SharedData.text("seed/event-driven-deployments.txt").contains("\n\n\(example)\n"))
  }

  @Test(.enabled(if: ReleaseBinary.path != nil, "RELAUNCH_BINARY names no binary"))
  func theReleaseBinaryIsSmall() throws {
    let path = try #require(ReleaseBinary.path)
    let size = try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
    #expect(size < 25_000_000, "scripts/build-release takes the symbols out; importing Foundation costs 44 MB")
  }
}

/// The binary to look at, without symbols: `scripts/test` builds it.
enum ReleaseBinary {
  static let path = ProcessInfo.processInfo.environment["RELAUNCH_BINARY"]
}
