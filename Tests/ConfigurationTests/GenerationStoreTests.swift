@testable import Configuration
import FoundationEssentials
import Glibc
import Locks
import Logging
import Sensors
import Targets
import Testing
import TestSupport

@Suite(.timeLimit(.minutes(5))) struct GenerationStoreTests {
  private static func sensor(_ name: String) -> String {
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
              source: {resource: {apiVersion: argoproj.io/v1alpha1, kind: WorkflowTemplate, name: restart}}

    """
  }

  private static let template = """
    apiVersion: argoproj.io/v1alpha1
    kind: WorkflowTemplate
    metadata: {name: restart}
    spec:
      entrypoint: main
      templates:
        - name: main
          container: {image: kubectl, command: [kubectl], args: [rollout, restart, deployment/web]}
    ---
    apiVersion: argoproj.io/v1alpha1
    kind: EventSource
    metadata: {name: registry}
    spec:
      pubSub:
        images: {projectID: acme-prod, topic: gcr, jsonBody: true}

    """

  private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private func directory() throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    try directory.write(Self.template, to: "rules/template.yaml")
    try directory.write(Self.sensor("first"), to: "rules/first.yaml")
    try directory.write("web=default/web\n", to: "mapping/web")
    return directory
  }

  private func store(_ directory: TemporaryDirectory) -> GenerationStore {
    GenerationStore(rules: directory.path + "/rules", mapping: directory.path + "/mapping", logger: Self.quiet)
  }

  /// Runs `store` on a clock of its own; each call of `look` has it look at the directories once.
  private func running(_ store: GenerationStore, _ body: (_ look: () async -> Void) async throws -> Void) async throws {
    let clock = ManualClock()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await store.run(clock: clock) }
      await clock.sleepers(1)
      try await body {
        clock.advance(by: .milliseconds(500))
        await clock.sleepers(1)
      }
      group.cancelAll()
    }
  }

  private func sensors(_ store: GenerationStore) -> [String] { store.current.rules.sensors.map(\.name) }

  @Test func leavesTheOtherFilesActiveBesideABadOne() throws {
    let directory = try directory()
    try directory.write("kind: Sensor\nmetadata: {name: [", to: "rules/broken.yaml")
    let store = store(directory)
    #expect(sensors(store) == ["first"])
    let errors = store.problems.filter { $0.severity == .error }.map(\.description)
    #expect(errors.count == 1 && errors[0].hasPrefix("\(directory.path)/rules/broken.yaml:3:1: "), "\(errors)")
  }

  @Test func replacesTheGenerationWhenAFileChanges() async throws {
    let directory = try directory()
    let store = store(directory)
    let name = store.current.name
    try await running(store) { look in
      await look()
      #expect(store.current.name == name)
      try directory.write(Self.sensor("second"), to: "rules/second.yaml")
      await look()
      #expect(sensors(store) == ["first", "second"])
      #expect(store.current.name != name)
    }
  }

  @Test func keepsTheLastGoodGenerationAndSaysWhy() async throws {
    let directory = try directory()
    let store = store(directory)
    let rules = directory.path + "/rules"
    try await running(store) { look in
      try FileManager.default.moveItem(atPath: rules, toPath: rules + "-away")
      await look()
      #expect(sensors(store) == ["first"])
      #expect(
        store.problems.map(\.description).contains(
          "\(rules): cannot be read: there is no such directory; the last good state stays"))
      try FileManager.default.moveItem(atPath: rules + "-away", toPath: rules)
      await look()
      #expect(!store.problems.contains { $0.description.contains("cannot be read") })
    }
  }

  @Test func keepsTheLastGoodVersionOfAFileAcrossReloads() async throws {
    let directory = try directory()
    let store = store(directory)
    let name = store.current.name
    try await running(store) { look in
      for broken in ["kind: [", "kind: Sensor"] {
        try directory.write(broken, to: "rules/first.yaml")
        await look()
        #expect(store.current.name == name)
        #expect(
          store.problems.last?.description
            == "\(directory.path)/rules/first.yaml: error: the earlier version of this file stays in force until its errors are mended"
        )
      }
      try directory.write(Self.sensor("second"), to: "rules/first.yaml")
      await look()
      #expect(sensors(store) == ["second"])
      #expect(!store.problems.contains { $0.severity == .error })
    }
  }

  /// What is in the way may go without any change that `version` could see.
  @Test func readsAgainUntilItCan() async throws {
    let directory = try directory()
    let mapping = directory.path + "/mapping"
    try directory.write("", to: "mapping/large")
    #expect(unsafe truncate(mapping + "/large", 17 << 20) == 0)
    let store = store(directory)
    #expect(store.problems.contains { $0.description.contains("holds more than") })
    try await running(store) { look in
      await look()
      try FileManager.default.removeItem(atPath: mapping + "/large")
      await look()
      #expect(sensors(store) == ["first"])
      #expect(!store.problems.contains { $0.description.contains("holds more than") })
    }
  }

  @Test func saysThatThereIsNoSensor() throws {
    let directory = try directory()
    let store = store(directory)
    #expect(!store.problems.contains { $0.description.contains("there is no Sensor") })
    try FileManager.default.removeItem(atPath: directory.path + "/rules/first.yaml")
    let other = self.store(directory)
    #expect(other.problems.last?.description.hasPrefix("\(directory.path)/rules: error: there is no Sensor in it") == true)
  }

  @Test func takesAMappingThatIsNotThereAsEmpty() throws {
    let directory = try directory()
    try FileManager.default.removeItem(atPath: directory.path + "/mapping")
    let store = store(directory)
    #expect(sensors(store) == ["first"])
    #expect(!store.problems.contains { $0.description.contains("cannot be read") })
    #expect(store.current.mapping.count == 0)
  }
}

extension GenerationStoreTests {
  /// What was good when the last process ended is good for the next.
  @Test func aFileThatIsBrokenAtTheStartHasItsVersionFromBefore() throws {
    let directory = try directory()
    let known = store(directory).goodFiles
    #expect(known.map(\.name) == ["web", "first.yaml", "template.yaml"])
    try directory.write("kind: Sensor\nmetadata: {name: [", to: "rules/first.yaml")
    let store = store(directory)
    #expect(sensors(store) == [])
    store.recall(known)
    #expect(sensors(store) == ["first"])
    #expect(store.problems.contains { $0.description.contains("the earlier version of this file stays in force") })
    #expect(store.goodFiles == known)
  }

  @Test func aDirectoryThatIsGoneAtTheStartIsRecalledAsAWhole() throws {
    let directory = try directory()
    let known = store(directory).goodFiles
    try FileManager.default.removeItem(atPath: directory.path + "/rules")
    let store = store(directory)
    #expect(!store.isLoaded)
    store.recall(known)
    #expect(store.isLoaded && sensors(store) == ["first"])
    #expect(store.problems.contains { $0.description.contains("the last good state stays") })
  }

  @Test func aFileThatWasRemovedIsNotRecalled() throws {
    let directory = try directory()
    let known = store(directory).goodFiles
    try FileManager.default.removeItem(atPath: directory.path + "/rules/first.yaml")
    let store = store(directory)
    store.recall(known)
    #expect(sensors(store) == [])
  }

  @Test func tellsOfEachChangeOfWhatIsGood() async throws {
    let directory = try directory()
    let store = store(directory)
    let told = Mutex<[[String]]>([])
    store.observeGoodFiles { files in told.withLock { $0.append(files.map(\.name)) } }
    try await running(store) { look in
      try directory.write(Self.sensor("second"), to: "rules/second.yaml")
      await look()
      try directory.write("kind: Sensor\nmetadata: {name: [", to: "rules/second.yaml")
      await look()
    }
    #expect(
      told.withLock { $0 } == [["web", "first.yaml", "template.yaml"], ["web", "first.yaml", "second.yaml", "template.yaml"]])
  }
}
