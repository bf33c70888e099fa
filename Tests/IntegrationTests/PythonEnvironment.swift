import Foundation

/// A Python with the libraries that a test needs.
final class PythonEnvironment: Sendable {
  private let preparation: Task<String?, Never>

  /// - Parameters:
  ///   - name: names the environment among the build's products, where the next run finds it.
  ///   - modules: what is imported, as an import statement has it.
  ///   - packages: what they are called in the package index.
  init(_ name: String, modules: String, packages: [String]) {
    preparation = Task { await Self.prepare(name, modules, packages) }
  }

  /// The installed Python where it has the modules, else one of our own; nil where there is none and the index is out of reach.
  var path: String? {
    get async { await preparation.value }
  }

  private static func prepare(_ name: String, _ modules: String, _ packages: [String]) async -> String? {
    let home = FileManager.default.currentDirectoryPath + "/.build/python-" + name
    let own = "\(home)/bin/python"
    for python in ["python3", own] where await succeeds(python, ["-c", "import \(modules)"]) { return python }
    guard await succeeds("python3", ["-m", "venv", "--clear", home]),
      await succeeds(own, ["-m", "pip", "install", "-q", "--timeout", "5", "--retries", "1"] + packages)
    else { return nil }
    return own
  }

  private static func succeeds(_ program: String, _ arguments: [String]) async -> Bool {
    let result = try? await ChildProcess.run("/usr/bin/env", [program] + arguments, environment: proxies)
    return result?.status == 0
  }

  /// What pip needs to reach its index from behind a proxy.
  private static var proxies: [String: String] {
    let home = ["HOME": NSHomeDirectory()]
    return home.merging(
      ProcessInfo.processInfo.environment.filter { name, _ in
        name.lowercased().hasSuffix("_proxy") || name.hasPrefix("PIP_") || name.hasPrefix("SSL_CERT")
          || name == "REQUESTS_CA_BUNDLE"
      }
    ) { $1 }
  }
}
