import Deployer
import Kubernetes
import Testing

/// The words that people look up: what the server says must be in the documents, and what the documents name must exist.
struct OperationsTests {
  private static let document = "docs/operations.md"

  @Test(arguments: Outcome.allCases)
  func explainsEachOutcome(outcome: Outcome) throws {
    #expect(try Repository.text(Self.document).contains("\n| `\(outcome.rawValue)` |"))
  }

  @Test(arguments: Disposition.PermanentReason.allCases.map(\.rawValue))
  func explainsWhyAPatchIsGivenUp(reason: String) throws {
    #expect(try Repository.lines(Self.document).contains { $0.hasPrefix("| `") && $0.contains("`\(reason)`") })
  }

  @Test func namesOnlyMetricsThatExist() throws {
    let sources = try Repository.files(below: "Sources", endingIn: ".swift").map { try Repository.text($0) }
    let documents = try ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"] + Repository.files(below: "docs", endingIn: ".md")
    let named = try documents.flatMap { document in
      try Repository.text(document).matches(of: /relaunch_[a-z_]+/).map { String($0.output) }
    }
    #expect(!named.isEmpty)
    #expect(Set(named).filter { name in !sources.contains { $0.contains("\"\(name)\"") } } == [])
  }
}
