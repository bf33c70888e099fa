/// What the sources of one target import.
enum ImportStatements {
  /// Modules of the toolchain. Every target may use them, with the one exception that has a test of its own.
  static let platform: Set<String> = ["Dispatch", "FoundationEssentials", "Glibc", "Synchronization"]

  /// A line each: the file and the module.
  static func all(below path: String) throws -> [(file: String, module: String)] {
    try Repository.files(below: path, endingIn: ".swift").flatMap { file in
      try Repository.lines(file).compactMap { line in module(in: line).map { (file, $0) } }
    }
  }

  /// The module that `line` imports: "package import JSON", "@testable import Sensors", "import struct Dispatch.DispatchTime".
  static func module(in line: Substring) -> String? {
    // Few lines pass here, and the pattern is slow.
    guard line.contains("import ") else { return nil }
    let pattern =
      /^(?:@\w+(?:\(\w+\))?\s+)*(?:(?:package|internal|private|fileprivate|public)\s+)?import\s+(?:(?:struct|class|enum|protocol|typealias|func|let|var)\s+)?(\w+)/
    return line.prefixMatch(of: pattern).map { String($0.output.1) }
  }
}
