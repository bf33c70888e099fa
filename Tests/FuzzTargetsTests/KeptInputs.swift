import FoundationEssentials
import FuzzTargets
import Testing

/// One file of `Fuzz/`: an input to a target.
struct KeptInput: CustomTestStringConvertible, Sendable {
  let target: FuzzTarget
  let path: String

  var testDescription: String { path }

  func bytes() throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: "\(Self.root)/\(path)"))) }

  /// The package of the fuzzer.
  static let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined() + "/Fuzz"

  /// What lies below `directory`, which has a directory for each target that has any.
  static func all(in directory: String) throws -> [KeptInput] {
    try names(in: directory).flatMap { name in
      let target = try #require(FuzzTarget(rawValue: name), "Fuzz/\(directory)/\(name) is no target")
      return try names(in: "\(directory)/\(name)").map { KeptInput(target: target, path: "\(directory)/\(name)/\($0)") }
    }
  }

  /// Sorted. Nothing where there is no such directory: git keeps no empty ones.
  private static func names(in directory: String) throws -> [String] {
    guard FileManager.default.fileExists(atPath: "\(root)/\(directory)") else { return [] }
    return try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(directory)").filter { !$0.hasPrefix(".") }.sorted()
  }
}
