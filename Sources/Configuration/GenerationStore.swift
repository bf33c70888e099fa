package import Logging
import Sensors
import Locks

/// The generation in force, and its replacement when the mounted directories change.
///
/// A directory that cannot be read leaves the last good one in force, and a file in it that has an error its own last good version;
/// both are reported until they are mended. What was good is not remembered beyond the process.
package final class GenerationStore: Sendable {
  private struct State {
    var generation: Generation
    var good = GoodFiles()
    var version: String
    var isLoaded = false
    /// Why the directories could not be read the last time; nil when they could.
    var failure: SettingsError?
  }

  private let rules: MountedDirectory
  private let mapping: MountedDirectory
  private let logger: Logger
  private let state: Mutex<State>

  /// Reads both directories. A mapping that does not exist yet is empty: a ConfigMap that is mounted `optional` may come later.
  package init(rules: String, mapping: String, logger: Logger) {
    self.rules = MountedDirectory(rules)
    self.mapping = MountedDirectory(mapping)
    self.logger = logger
    state = Mutex(State(generation: Generation(rules: [], mapping: []), version: "", failure: nil))
    reload()
  }

  package var current: Generation { state.withLock { $0.generation } }

  /// Whether the directories could be read at least once. Until then there are no rules to decide by, which is not the same as rules
  /// that want no event.
  package var isLoaded: Bool { state.withLock { $0.isLoaded } }

  /// What people should know: what the linter says, and why an update is not in force.
  package var problems: [Generation.Problem] {
    state.withLock { state in
      state.generation.problems + (state.failure.map { [Generation.Problem(.error, "\($0); the last good state stays")] } ?? [])
    }
  }

  /// Looks for changes twice a second until it is cancelled.
  package func run(clock: any Clock<Duration> = ContinuousClock()) async {
    while !Task.isCancelled {
      do { try await clock.sleep(for: .milliseconds(500)) } catch { return }
      // What is in the way of reading, such as the rights to a directory, may go without a change of version.
      if state.withLock({ $0.version != version || $0.failure != nil }) { reload() }
    }
  }

  private var version: String { rules.version + "\n\n" + mapping.version }

  private func reload() {
    let seen = version
    do throws(SettingsError) {
      let files = (rules: try rules.read(), mapping: try mapping.readIfPresent())
      // Not under the lock, which decisions wait for; only one reload runs at a time.
      var good = state.withLock { $0.good }
      let made = good.generation(rules: files.rules, mapping: files.mapping)
      let next = made.with(problems: made.problems + [made.emptiness(of: rules.path)].compactMap(\.self))
      state.withLock { [good] in $0 = State(generation: next, good: good, version: seen, isLoaded: true, failure: nil) }
      logger.info(
        "rules loaded",
        metadata: [
          "generation": "\(next.name)", "sensors": "\(next.rules.sensors.count)", "errors": "\(next.count(.error))",
          "warnings": "\(next.count(.warning))",
        ])
      for problem in next.problems {
        let level: Logger.Level =
          switch problem.severity {
          case .error: .error
          case .warning: .warning
          case .info: .debug
          }
        logger.log(level: level, "rule problem", metadata: ["problem": "\(problem)"])
      }
    } catch {
      let isNews = state.withLock { state in
        defer { (state.version, state.failure) = (seen, error) }
        return state.failure != error
      }
      if isNews { logger.error("rules not loaded", metadata: ["error": "\(error)"]) }
    }
  }
}
