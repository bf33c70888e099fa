import Configuration
import Testing

/// docs/configuration.md against the code that reads the configuration.
struct ConfigurationReferenceTests {
  private static let document = "docs/configuration.md"

  @Test func namesEverySetting() throws {
    let asked = try Repository.files(below: "Sources/Configuration", endingIn: ".swift").flatMap { file in
      try Repository.text(file).matches(of: /\.(?:string|strings|bool|int|duration|section|sections)\("(\w+)"/).map {
        String($0.output.1)
      }
    }
    // The first cell of each row is a setting's full name.
    let documented = try Repository.lines(Self.document).filter { $0.hasPrefix("| `") }.flatMap { line in
      line.split(separator: "`")[1].split(separator: ".").map(String.init)
    }
    #expect(asked.count > 20)
    #expect(Set(asked).subtracting(documented) == [])
  }

  /// Each YAML block in the document can be used as it stands.
  @Test func examplesAreValid() throws {
    let blocks = try Repository.text(Self.document).matches(of: /```yaml\n([\s\S]*?)```/).map { String($0.output.1) }
    #expect(blocks.count >= 2)
    for block in blocks { _ = try Settings.read(Array(block.utf8), file: "relaunch.yaml") }
  }

  /// The block that begins with "# Every setting" says nothing that an empty file would not say.
  @Test func documentedDefaultsAreTheDefaults() throws {
    let block = try #require(try Repository.text(Self.document).firstMatch(of: /```yaml\n(# Every setting[\s\S]*?)```/)).output.1
    var documented = try Settings.read(Array(block.utf8), file: "relaunch.yaml")
    #expect(documented.sources.count == 1)
    documented.sources = []
    #expect("\(documented)" == "\(Settings())")
  }
}
