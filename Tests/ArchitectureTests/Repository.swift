import FoundationEssentials

/// The checkout that these tests were compiled from.
enum Repository {
  static let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()

  static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: "\(root)/\(path)") }

  static func text(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: "\(root)/\(path)")), as: UTF8.self)
  }

  static func lines(_ path: String) throws -> [Substring] {
    try text(path).split(separator: "\n", omittingEmptySubsequences: false).dropLast()
  }

  /// The names in the directory `path`, sorted.
  static func names(in path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(path)").sorted()
  }

  /// The paths of all files below `path` whose names end in `suffix`, sorted.
  static func files(below path: String, endingIn suffix: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(path)").filter { $0.hasSuffix(suffix) }.sorted().map {
      "\(path)/\($0)"
    }
  }
}
