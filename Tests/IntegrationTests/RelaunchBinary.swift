import Foundation

/// The program under test.
enum RelaunchBinary {
  /// What `RELAUNCH_BINARY` names, else the newer one of the package's debug and release builds; nil where there is none.
  static let path: String? = {
    let manager = FileManager.default
    if let given = ProcessInfo.processInfo.environment["RELAUNCH_BINARY"] {
      return manager.isExecutableFile(atPath: given) ? given : nil
    }
    let built = ["debug", "release"].map { "\(manager.currentDirectoryPath)/.build/\($0)/relaunch" }
    return built.filter(manager.isExecutableFile).max { age($0) < age($1) }
  }()

  private static func age(_ path: String) -> Date {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return attributes?[.modificationDate] as? Date ?? .distantPast
  }

  static func require() throws -> String {
    guard let path else { throw Unmet("there is no built server") }
    return path
  }

  /// Runs a subcommand to its end.
  static func run(_ arguments: String..., environment: [String: String] = [:]) async throws -> ChildProcess.Result {
    try await run(arguments, environment: environment)
  }

  static func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> ChildProcess.Result {
    try await ChildProcess.run(try require(), arguments, environment: environment)
  }
}
