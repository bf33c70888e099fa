/// The last version of each file that loaded without an error: what stays in force while a newer version has some.
///
/// A version that breaks would otherwise take its Sensors or its images out, and pushes that came meanwhile would end as filtered
/// for good. Held back is a file, not the directory: the other files change as their authors wrote them. A file that is removed is
/// forgotten, for nobody removes one by a slip of the hand in it; and a file that never was without an error counts as far as it is
/// good.
///
/// An error may stand in one file and come from another: a Sensor names a template that the new version of another file no longer
/// has. Then the file is held back whose earlier version mends it, until both are as they should be.
struct GoodFiles: Sendable {
  private var versions: [String: MountedFile] = [:]

  /// All of them, by path.
  var files: [MountedFile] { versions.sorted { $0.key < $1.key }.map(\.value) }

  /// Takes versions that an earlier process knew to be good, of files of which it knows none itself.
  mutating func recall(_ files: [MountedFile]) {
    for file in files where versions[file.path] == nil { versions[file.path] = file }
  }

  /// Makes a generation of these files, each in its newest version that works, and remembers which those are.
  mutating func generation(rules: [MountedFile], mapping: [MountedFile]) -> Generation {
    var attempt = Attempt(rules: rules, mapping: mapping, good: versions)
    attempt.holdBack()
    for file in rules + mapping where attempt.isInForce(file.path) { versions[file.path] = file }
    let present = Set((rules + mapping).map(\.path))
    versions = versions.filter { present.contains($0.key) }
    return attempt.generation.with(problems: attempt.problems)
  }
}

/// The search for the versions that work together.
private struct Attempt {
  private let rules: [MountedFile]
  private let mapping: [MountedFile]
  private let good: [String: MountedFile]
  /// The files whose earlier version is in force, each with what is to be said about its newest one.
  private var held: [String: [Generation.Problem]] = [:]
  private(set) var generation: Generation

  init(rules: [MountedFile], mapping: [MountedFile], good: [String: MountedFile]) {
    self.rules = rules
    self.mapping = mapping
    self.good = good
    generation = Generation(rules: rules, mapping: mapping)
  }

  /// Ends, as each step holds back a file more.
  mutating func holdBack() {
    while true {
      let spoilt = changed(rules + mapping).filter { generation.hasError(in: $0) }
      if !spoilt.isEmpty {
        for path in spoilt { hold(path) }
        generation = load(holding: [])
      } else if !holdBackForOthers() {
        return
      }
    }
  }

  /// Whether the newest version of the file counts from now on as the one to fall back on.
  func isInForce(_ path: String) -> Bool { held[path] == nil && !generation.hasError(in: path) }

  /// What is to be said of the generation, and of the versions that are not in it.
  var problems: [Generation.Problem] {
    var problems: [Generation.Problem] = []
    for problem in generation.problems {
      guard let file = problem.file, held[file] != nil else {
        problems.append(problem)
        continue
      }
      // Its lines are those of a version that nobody can look at any more; the newest one's own problems are below.
      guard problem.severity == .error else { continue }
      let sentence = "\(file): error: its earlier version, which is in force, has an error too: \(problem)"
      problems.append(Generation.Problem(.error, sentence, in: file))
    }
    return problems + held.sorted { $0.key < $1.key }.flatMap(\.value)
  }

  /// A new version with errors of its own.
  private mutating func hold(_ path: String) {
    let sentence = "\(path): error: the earlier version of this file stays in force until its errors are mended"
    held[path] = generation.problems.filter { $0.file == path } + [Generation.Problem(.error, sentence, in: path)]
  }

  /// Looks for a new version that leaves others in the lurch: files that worked before, and would with its earlier version. Only
  /// files of rules refer to one another.
  private mutating func holdBackForOthers() -> Bool {
    let lost = generation.problems.filter { problem in
      problem.severity == .error && (problem.file.map { good[$0] != nil } ?? false)
    }
    guard !lost.isEmpty else { return false }
    let files = Set(lost.compactMap(\.file))
    for path in changed(rules) {
      let trial = load(holding: [path])
      let left = trial.problems.filter { $0.severity == .error && ($0.file.map(files.contains) ?? false) }
      guard left.count < lost.count, let mended = lost.first(where: { !left.contains($0) }) else { continue }
      let sentence = "\(path): error: the earlier version of this file stays in force, because with this one \(mended)"
      held[path] = [Generation.Problem(.error, sentence, in: path)]
      generation = trial
      return true
    }
    return false
  }

  /// The files that have an earlier version and are not held back.
  private func changed(_ files: [MountedFile]) -> [String] {
    files.filter { file in held[file.path] == nil && good[file.path].map { $0.bytes != file.bytes } ?? false }.map(\.path)
  }

  private func load(holding more: Set<String>) -> Generation {
    func version(_ file: MountedFile) -> MountedFile {
      held[file.path] != nil || more.contains(file.path) ? good[file.path] ?? file : file
    }
    return Generation(rules: rules.map(version), mapping: mapping.map(version))
  }
}
