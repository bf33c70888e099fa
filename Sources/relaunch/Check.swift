import ArgumentParser
import Configuration
import FoundationEssentials
import Sensors
import Targets

struct Check: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Load rules and mapping, and print every problem with its file and line.",
    discussion: """
      DIR holds both: either the subdirectories `rules` and `mapping`, or all files side by side, where ConfigMap documents and \
      *.json files are the mapping. Exit 0 when nothing is an error, 1 otherwise; warnings do not count. Rules without a Sensor are \
      an error, as they would restart nothing.
      """)

  @Argument(help: "The directory to check.")
  var dir: String

  @Option(help: "The mapping's directory, where it is not in DIR.")
  var mapping: String?

  func run() async throws {
    let generation: Generation
    do throws(SettingsError) {
      generation = try load()
    } catch {
      throw Terminal.failure("\(error)", .problemsFound)
    }
    let problems = generation.problems + [generation.emptiness(of: rulesDirectory)].compactMap(\.self)
    for problem in problems { print(problem) }
    let errors = problems.count { $0.severity == .error }
    print(
      "\(generation.rules.sensors.count) sensors, \(generation.rules.eventSources.count) event sources, "
        + "\(generation.mapping.count) images mapped; \(errors) errors, \(generation.count(.warning)) warnings")
    if errors > 0 { throw ExitCode.problemsFound }
  }

  private var directory: String { dir.count > 1 && dir.hasSuffix("/") ? String(dir.dropLast()) : dir }

  private var hasSubdirectories: Bool { FileManager.default.fileExists(atPath: directory + "/rules") }

  private var rulesDirectory: String { hasSubdirectories ? directory + "/rules" : directory }

  private func load() throws(SettingsError) -> Generation {
    let files = try MountedDirectory(rulesDirectory).read()
    if hasSubdirectories {
      return Generation(rules: files, mapping: try MountedDirectory(mapping ?? directory + "/mapping").readIfPresent())
    }
    let isMapping: (MountedFile) -> Bool = { $0.name.hasSuffix(".json") }
    let mapped = try mapping.map { path throws(SettingsError) in try MountedDirectory(path).read() } ?? files.filter(isMapping)
    return Generation(rules: files.filter { !isMapping($0) }, mapping: mapped)
  }
}
