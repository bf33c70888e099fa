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
