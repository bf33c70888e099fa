import ArgumentParser
import Configuration
import FoundationEssentials
import Sensors
import Targets

struct Check: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Load rules, mapping and configuration, and print every problem with its file and line.",
    discussion: """
      DIR holds both: either the subdirectories `rules` and `mapping`, or all files side by side, where ConfigMap documents and \
      *.json files are the mapping. Exit 0 when nothing is an error, 1 otherwise; warnings do not count. Rules without a Sensor are \
      an error, as they would restart nothing. With --config the configuration file is read as `serve` reads it; without DIR, rules and \
      mapping are where it says.
      """)

  @Argument(help: "The directory to check; needed where there is no --config.")
  var dir: String?

  @Option(help: "The mapping's directory, where it is not in DIR.")
  var mapping: String?

  @Option(help: "The configuration file.")
  var config: String?

  func validate() throws {
    guard dir != nil || config != nil else { throw ValidationError("name a directory, or a configuration file with --config") }
  }

  func run() async throws {
    let generation: Generation
    let rulesDirectory: String
    do {
      let settings = try config.map { try Settings.load($0) }
      // Who may reach what; files of secrets and the cluster are for the server alone.
      if let settings { _ = try Server.addresses(settings) }
      rulesDirectory = rules(settings)
      generation = try load(rulesDirectory, settings)
    } catch {
      throw Terminal.failure("\(error)", .problemsFound)
    }
    let problems = generation.problems + [generation.emptiness(of: rulesDirectory)].compactMap(\.self)
    for problem in problems { print(problem) }
    let errors = problems.count { $0.severity == .error }
    print(
      "\(count(generation.rules.sensors.count, "sensor")), \(count(generation.rules.eventSources.count, "event source")), "
        + "\(count(generation.mapping.count, "image")) mapped; "
        + "\(count(errors, "error")), \(count(generation.count(.warning), "warning"))")
    if errors > 0 { throw ExitCode.problemsFound }
  }

  private func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

  private var directory: String? { dir.map { $0.count > 1 && $0.hasSuffix("/") ? String($0.dropLast()) : $0 } }

  private var hasSubdirectories: Bool { directory.map { FileManager.default.fileExists(atPath: $0 + "/rules") } ?? false }

  private func rules(_ settings: Settings?) -> String {
    guard let directory else { return settings?.rules ?? "" }
    return hasSubdirectories ? directory + "/rules" : directory
  }

  private func load(_ rules: String, _ settings: Settings?) throws(SettingsError) -> Generation {
    let files = try MountedDirectory(rules).read()
    if hasSubdirectories || directory == nil {
      let mapping = mapping ?? directory.map { $0 + "/mapping" } ?? settings?.mapping ?? ""
      return Generation(rules: files, mapping: try MountedDirectory(mapping).readIfPresent())
    }
    let isMapping: (MountedFile) -> Bool = { $0.name.hasSuffix(".json") }
    let mapped = try mapping.map { path throws(SettingsError) in try MountedDirectory(path).read() } ?? files.filter(isMapping)
    return Generation(rules: files.filter { !isMapping($0) }, mapping: mapped)
  }
}
