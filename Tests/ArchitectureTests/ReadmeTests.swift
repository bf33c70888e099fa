import Configuration
import Testing

/// The README's examples, as somebody would paste them.
struct ReadmeTests {
  private static func block(beginning start: String) throws -> [UInt8] {
    let text = try Repository.text("README.md")
    let block = text.matches(of: /```yaml\n([\s\S]*?)```/).map { $0.output.1 }.first { $0.hasPrefix(start) }
    return Array(try #require(block).utf8)
  }

  @Test func theConfigurationIsValid() throws {
    let settings = try Settings.read(try Self.block(beginning: "# relaunch.yaml"), file: "relaunch.yaml")
    #expect(settings.sources.map(\.name) == ["gar"])
  }

  @Test func theMappingIsValidForUsAndForTheAPIServer() throws {
    let mapping = try Self.block(beginning: "apiVersion: v1\nkind: ConfigMap")
    #expect(Generation(rules: [], mapping: [MountedFile(name: "mapping.yaml", bytes: mapping)]).problems == [])
  }
}
