@testable import Configuration
@testable import Sensors
import Targets
import Testing

struct GoodFilesTests {
  // `Sensors` has an internal type of the same name.
  fileprivate typealias Generation = Configuration.Generation

  private static func sensor(_ name: String, template: String = "restart") -> String {
    """
    apiVersion: argoproj.io/v1alpha1
    kind: Sensor
    metadata: {name: \(name)}
    spec:
      dependencies: [{name: push, eventSourceName: registry, eventName: images}]
      triggers:
        - template:
            name: restart
            argoWorkflow:
              operation: submit
              source:
                resource:
                  apiVersion: argoproj.io/v1alpha1
                  kind: Workflow
                  spec:
                    workflowTemplateRef: {name: \(template)}

    """
  }

  private static func template(_ name: String = "restart") -> String {
    """
    apiVersion: argoproj.io/v1alpha1
    kind: WorkflowTemplate
    metadata: {name: \(name)}
    spec:
      entrypoint: main
      templates:
        - name: main
          container: {image: kubectl, command: [kubectl], args: [rollout, restart, deployment/web]}

    """
  }

  private static let source = """
    apiVersion: argoproj.io/v1alpha1
    kind: EventSource
    metadata: {name: registry}
    spec:
      pubSub:
        images: {projectID: acme-prod, topic: gcr, jsonBody: true}

    """

  private static let notYAML = "kind: ["
  private static let isNotYAML = "not YAML: did not find expected node content while parsing a flow node [yaml]"

  /// Files by their path, `rules/…` or `mapping/…`, as somebody edits them.
  private struct Site {
    var files: [String: String] = [
      "rules/source.yaml": GoodFilesTests.source, "rules/template.yaml": GoodFilesTests.template(),
      "rules/web.yaml": GoodFilesTests.sensor("web"), "mapping/web": "web=default/web\n",
    ]
    var good = GoodFiles()

    init() { reload() }

    @discardableResult mutating func reload() -> Generation { good.generation(rules: part("rules"), mapping: part("mapping")) }

    /// The directories as they stand.
    var newest: Generation { Generation(rules: part("rules"), mapping: part("mapping")) }

    mutating func change(_ path: String, to text: String?) -> Generation {
      files[path] = text
      return reload()
    }

    private func part(_ directory: String) -> [MountedFile] {
      files.sorted { $0.key < $1.key }.filter { $0.key.hasPrefix(directory + "/") }.map { path, text in
        MountedFile(directory: directory, name: String(path.dropFirst(directory.count + 1)), bytes: Array(text.utf8))
      }
    }
  }

  private func errors(_ generation: Generation) -> [String] {
    generation.problems.filter { $0.severity == .error }.map(\.description)
  }

  /// The Sensors that can fire.
  private func sensors(_ generation: Generation) -> [String] {
    generation.rules.sensors.filter { $0.triggers.allSatisfy { (try? $0.plan.get()) != nil } }.map(\.name)
  }

  private func stays(_ path: String) -> String {
    "\(path): error: the earlier version of this file stays in force until its errors are mended"
  }

  @Test func holdsOnToTheEarlierVersionOfAFileThatBreaks() {
    var site = Site()
    let before = site.reload()
    let broken = site.change("rules/web.yaml", to: Self.notYAML)
    #expect(sensors(broken) == ["web"])
    #expect(broken.name == before.name, "the name is that of what is in force")
    #expect(errors(broken) == ["rules/web.yaml:2:1: error: \(Self.isNotYAML)", stays("rules/web.yaml")])
  }

  @Test func takesOtherFilesAsTheyChangeMeanwhile() {
    var site = Site()
    _ = site.change("rules/web.yaml", to: Self.notYAML)
    let changed = site.change("rules/api.yaml", to: Self.sensor("api"))
    #expect(sensors(changed) == ["api", "web"])
    site.files["rules/web.yaml"] = Self.sensor("web")
    #expect(changed.name == site.newest.name)
  }

  @Test func fallsBackOnTheLastGoodVersionHoweverOftenAFileBreaks() {
    var site = Site()
    _ = site.change("rules/web.yaml", to: Self.sensor("web-2"))
    _ = site.change("rules/web.yaml", to: Self.notYAML)
    #expect(sensors(site.change("rules/web.yaml", to: "kind: Sensor\n")) == ["web-2"])
    let mended = site.change("rules/web.yaml", to: Self.sensor("web-3"))
    #expect(sensors(mended) == ["web-3"])
    #expect(errors(mended) == [])
  }

  @Test func forgetsAFileThatIsRemoved() {
    var site = Site()
    _ = site.change("rules/web.yaml", to: Self.notYAML)
    #expect(sensors(site.change("rules/web.yaml", to: nil)) == [])
    let back = site.change("rules/web.yaml", to: Self.notYAML)
    #expect(sensors(back) == [])
    #expect(errors(back) == ["rules/web.yaml:2:1: error: \(Self.isNotYAML)"])
  }

  @Test func takesWhatIsGoodInAFileThatNeverWasWithoutErrors() {
    var site = Site()
    let half = site.change("rules/new.yaml", to: Self.sensor("new") + "---\nkind: Sensor\n")
    #expect(sensors(half) == ["new", "web"])
    #expect(half.name == site.newest.name)
    #expect(half.problems == site.newest.problems)
    let other = site.change("rules/new.yaml", to: Self.sensor("other") + "---\nkind: Sensor\n")
    #expect(sensors(other) == ["other", "web"], "the version before was no better")
  }

  @Test func holdsOnToTheEarlierVersionOfAMapping() {
    var site = Site()
    let broken = site.change("mapping/web", to: "web=default/web\napi=default/API\n")
    #expect(broken.mapping.entries.keys.sorted() == ["web"])
    #expect(errors(broken).map { $0.prefix { $0 != " " } } == ["mapping/web:2:1:", "mapping/web:"])
    #expect(errors(broken).last == stays("mapping/web"))
  }

  // MARK: Files that refer to one another

  /// The Sensor has done nothing wrong, and its errors are none of what is in force.
  @Test func aSensorWorksOnWhenTheFileOfItsTemplateBreaks() {
    var site = Site()
    let broken = site.change("rules/template.yaml", to: Self.notYAML)
    #expect(sensors(broken) == ["web"])
    #expect(errors(broken) == ["rules/template.yaml:2:1: error: \(Self.isNotYAML)", stays("rules/template.yaml")])
  }

  @Test func holdsBackAFileThatTakesAwayWhatAnotherRefersTo() {
    var site = Site()
    let before = site.reload()
    let lost = site.change("rules/template.yaml", to: Self.template("restart-2"))
    #expect(sensors(lost) == ["web"])
    #expect(lost.name == before.name)
    #expect(
      errors(lost) == [
        "rules/template.yaml: error: the earlier version of this file stays in force, because with this one rules/web.yaml:16:45: "
          + #"error: no WorkflowTemplate is named "restart"; there is restart-2; did you mean restart-2? [unknown-template]"#
      ])
    let both = site.change("rules/web.yaml", to: Self.sensor("web", template: "restart-2"))
    #expect(errors(both) == [])
    #expect(both.name == site.newest.name)
  }

  /// Of two files that changed together, the broken one keeps the other from working: both wait.
  @Test func holdsBackTheFileThatAHeldOneCannotDoWithout() {
    var site = Site()
    site.files["rules/template.yaml"] = Self.template("restart-2")
    let broken = site.change("rules/web.yaml", to: Self.notYAML)
    #expect(sensors(broken) == ["web"])
    #expect(errors(broken).map { $0.prefix { $0 != " " } } == ["rules/template.yaml:", "rules/web.yaml:2:1:", "rules/web.yaml:"])
    let mended = site.change("rules/web.yaml", to: Self.sensor("web", template: "restart-2"))
    #expect(errors(mended) == [])
  }

  /// A template that somebody removes is gone, and the Sensor that named it says so, whatever version of it there is.
  @Test func saysThatTheEarlierVersionHasAnErrorNow() {
    var site = Site()
    let gone = site.change("rules/template.yaml", to: nil)
    #expect(sensors(gone) == [])
    #expect(gone.problems == site.newest.problems)
    let unknown = #"rules/web.yaml:16:45: error: no WorkflowTemplate is named "restart"; there is none [unknown-template]"#
    #expect(errors(gone) == [unknown])
    #expect(
      errors(site.change("rules/web.yaml", to: Self.notYAML)) == [
        "rules/web.yaml: error: its earlier version, which is in force, has an error too: \(unknown)",
        "rules/web.yaml:2:1: error: \(Self.isNotYAML)", stays("rules/web.yaml"),
      ])
  }
}
