import Configuration
import Testing

struct GenerationTests {
  private static let broken = Array("kind: Sensor\nmetadata: {name: [".utf8)

  @Test func namesEachFileWithItsDirectory() {
    let generation = Generation(
      rules: [
        MountedFile(directory: "rules", name: "web.yaml", bytes: Self.broken),
        MountedFile(
          directory: "rules", name: "map.yaml", bytes: Array("kind: ConfigMap\nmetadata: {name: m}\ndata: {web: Web}\n".utf8)),
      ],
      mapping: [MountedFile(directory: "/etc/mapping/", name: "web.yaml", bytes: Array("web: default/Web\n".utf8))])
    let places = generation.problems.filter { $0.severity == .error }.map { $0.description.prefix { $0 != " " } }
    #expect(places == ["rules/web.yaml:3:1:", "/etc/mapping/web.yaml:1:6:", "rules/map.yaml:3:13:"])
  }

  @Test func saysThatRulesWithoutASensorRestartNothing() {
    let nothing = Generation(rules: [], mapping: [])
    #expect(
      nothing.emptiness(of: "rules")?.description
        == "rules: error: there is no Sensor in it, so no push restarts anything; rules are EventSource, Sensor and "
        + "WorkflowTemplate documents")
    let broken = Generation(rules: [MountedFile(name: "web.yaml", bytes: Self.broken)], mapping: [])
    #expect(broken.emptiness(of: "rules") == nil, "its error says why")
  }

  /// A directory that moves holds the same rules.
  @Test func isNamedForTheFilesAndNotForTheirDirectory() {
    func name(_ directory: String) -> String {
      let files = [MountedFile(directory: directory, name: "web.yaml", bytes: Self.broken)]
      return Generation(rules: files, mapping: files).name
    }
    #expect(name("rules") == name("/etc/relaunch/rules"))
  }
}
