package import Logging
import Sensors
import Locks

/// The generation in force, and its replacement when the mounted directories change.
///
/// A directory that cannot be read leaves the last good one in force, and a file in it that has an error its own last good version;
/// both are reported until they are mended. What was good outlives the process where its owner keeps `goodFiles` and brings them back
/// with `recall`.
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
  private let observer = Mutex<(@Sendable ([MountedFile]) -> Void)?>(nil)

  /// Reads both directories. A mapping that does not exist yet is empty: a ConfigMap that is mounted `optional` may come later.
  package init(rules: String, mapping: String, logger: Logger) {
    self.rules = MountedDirectory(rules)
    self.mapping = MountedDirectory(mapping)
    self.logger = logger
    state = Mutex(State(generation: Generation(rules: [], mapping: []), version: "", failure: nil))
    reload()
  }

  package var current: Generation { state.withLock { $0.generation } }

  /// The last good version of each file.
  package var goodFiles: [MountedFile] { state.withLock { $0.good.files } }

  /// Has `handler` called with the last good version of each file whenever one has changed, and once now.
  package func observeGoodFiles(_ handler: @escaping @Sendable ([MountedFile]) -> Void) {
    observer.withLock { $0 = handler }
    handler(goodFiles)
  }

  /// Takes what an earlier process knew to be good. It counts where the newest version of a file has errors, and for the directories as
  /// a whole while they cannot be read. To be called once, before `run`.
  package func recall(_ files: [MountedFile]) {
    let needsThem = state.withLock { state in
      state.good.recall(files)
      return !state.isLoaded || state.generation.count(.error) > 0
    }
    guard needsThem, !files.isEmpty else { return }
    reload()
    guard !isLoaded else { return }
    let known = goodFiles
    let generation = Generation(
      rules: known.filter { $0.directory == rules.path }, mapping: known.filter { $0.directory == mapping.path })
    guard !generation.rules.sensors.isEmpty else { return }
    state.withLock { state in
      state.generation = generation
      state.isLoaded = true
    }
    logger.warning(
      "rules recalled", metadata: ["generation": "\(generation.name)", "sensors": "\(generation.rules.sensors.count)"])
  }

  /// Whether the directories could be read at least once, or what they held before was recalled. Until then there are no rules to decide by, which is not the same as rules
  /// that want no event.
  package var isLoaded: Bool { state.withLock { $0.isLoaded } }

  /// What people should know: what the linter says, and why an update is not in force.
  package var problems: [Generation.Problem] {
    state.withLock { state in
      let consequence = state.isLoaded ? "; the last good state stays" : ""
      return state.generation.problems + (state.failure.map { [Generation.Problem(.error, "\($0)\(consequence)")] } ?? [])
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
      let before = good.files
      let made = good.generation(rules: files.rules, mapping: files.mapping)
      let mounts = rules.subPathProblems() + mapping.subPathProblems()
      let next = made.with(problems: made.problems + [made.emptiness(of: rules.path)].compactMap(\.self) + mounts)
      state.withLock { [good] in $0 = State(generation: next, good: good, version: seen, isLoaded: true, failure: nil) }
      if good.files != before { observer.withLock { $0 }?(good.files) }
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
