import FoundationEssentials

package import YAML

/// What is wrong with the configuration file or with a directory that it names.
package enum SettingsError: Error, Equatable, Sendable, CustomStringConvertible {
  case unreadable(path: String, reason: String)
  case malformed(file: String, YAMLError)
  /// - Parameter path: the setting, such as `sources.gar.authentication.audience`.
  case invalid(file: String, at: YAMLPosition, path: String, problem: String)

  package var description: String {
    switch self {
    case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
    case .malformed(let file, let error): "\(file):\(error)"
    case .invalid(let file, let position, let path, let problem): "\(file):\(position): \(path): \(problem)"
    }
  }
}

extension SettingsError {
  /// Why the file or directory at `path` cannot be read, in words: Foundation's own text is a dump of its error.
  /// - Parameter wanted: what should be there, `file` or `directory`.
  static func unreadable(_ path: String, wanted: String, _ error: any Error) -> SettingsError {
    var isDirectory = false
    let reason =
      if !FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) {
        "there is no such \(wanted)"
      } else if isDirectory != (wanted == "directory") {
        "it is \(isDirectory ? "a" : "not a") directory"
      } else if (error as? CocoaError)?.code == .fileReadNoPermission {
        "permission denied"
      } else {
        "reading failed"
      }
    return .unreadable(path: path, reason: reason)
  }
}
