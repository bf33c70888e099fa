@testable import Configuration
import FoundationEssentials
import Glibc
import Testing

struct MountedDirectoryTests {
  private func names(_ path: String) throws -> [String] { try MountedDirectory(path).read().map(\.name) }

  private func texts(_ path: String) throws -> [String] {
    try MountedDirectory(path).read().map { "\($0.name) \(String(decoding: $0.bytes, as: UTF8.self))" }
  }

  @Test func readsAPlainDirectoryByName() throws {
    let directory = try TemporaryDirectory()
    for name in ["b.yaml", "a.yaml", "c"] { try directory.write(name, to: name) }
    #expect(try texts(directory.path) == ["a.yaml a.yaml", "b.yaml b.yaml", "c c"])
  }

  /// As the kubelet mounts a ConfigMap.
  private func mounted() throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    for version in ["1", "2"] {
      for name in ["a", "b"] { try directory.write(version, to: "..\(version)/\(name)") }
    }
    try directory.link("..data", to: "..1")
    for name in ["a", "b"] { try directory.link(name, to: "..data/\(name)") }
    return directory
  }

  @Test func readsAMountedConfigMapThroughItsLink() throws {
    let directory = try mounted()
    let version = MountedDirectory(directory.path).version
    #expect(try texts(directory.path) == ["a 1", "b 1"])
    try directory.swap(to: "..2")
    #expect(try texts(directory.path) == ["a 2", "b 2"])
    #expect(MountedDirectory(directory.path).version != version)
  }

  @Test func mixesNoTwoVersionsWhileTheyAreSwapped() async throws {
    let directory = try mounted()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for round in 0..<300 { try directory.swap(to: round % 2 == 0 ? "..2" : "..1") }
      }
      for _ in 0..<300 {
        do throws(SettingsError) {
          let files = try MountedDirectory(directory.path).read()
          #expect(files.count == 2)
          #expect(Set(files.map(\.bytes)).count == 1)
        } catch { #expect("\(error)".contains("changed 5 times")) }
      }
      try await group.waitForAll()
    }
  }

  @Test func passesOverWhatIsNoFile() throws {
    let directory = try TemporaryDirectory()
    for name in ["a", ".hidden", "nested/b"] { try directory.write("x", to: name) }
    try directory.link("dangling", to: "nowhere")
    #expect(unsafe mkfifo("\(directory.path)/pipe", 0o600) == 0)
    #expect(try names(directory.path) == ["a"])
  }

  @Test func readsNoMoreThanAConfigMapCanHold() throws {
    let directory = try TemporaryDirectory()
    try directory.write("x", to: "a")
    #expect(unsafe truncate("\(directory.path)/a", (16 << 20) + 1) == 0)
    #expect(throws: SettingsError.unreadable(path: directory.path, reason: "it holds more than 16777216 bytes")) {
      try names(directory.path)
    }
  }

  @Test func tellsMissingFromEmpty() throws {
    let directory = try TemporaryDirectory()
    #expect(try names(directory.path) == [])
    let missing = directory.path + "/none"
    #expect(throws: SettingsError.unreadable(path: missing, reason: "there is no such directory")) { try names(missing) }
    #expect(try MountedDirectory(missing).readIfPresent().isEmpty)
  }

  @Test func hasAnotherVersionAfterEachChange() throws {
    let directory = try TemporaryDirectory()
    let mounted = MountedDirectory(directory.path)
    var versions = [mounted.version]
    try directory.write("1", to: "a")
    versions.append(mounted.version)
    try directory.write("22", to: "a")
    versions.append(mounted.version)
    try directory.write("1", to: "b")
    versions.append(mounted.version)
    #expect(Set(versions).count == 4)
    #expect(mounted.version == versions.last)
  }
}
