import Foundation
import TestSupport

/// The documents of the article that the product starts from, verbatim: cut out of its prose, or as the repository's example has
/// them.
enum SeedDocuments {
  struct Document: Sendable {
    let name: String
    let text: String
    var isMapping: Bool { text.contains("\nkind: ConfigMap") }
  }

  private static let example = "examples/seed"

  static let all: [Document] = (try? SharedData.isPresent ? fromArticle() : fromExample()) ?? []

  static var rules: [Document] { all.filter { !$0.isMapping } }
  static var mapping: [Document] { all.filter(\.isMapping) }

  /// Each block of YAML is a file.
  private static func fromArticle() throws -> [Document] {
    var blocks: [[Substring]] = []
    var isInside = false
    for line in try SharedData.text("seed/event-driven-deployments.txt").split(separator: "\n", omittingEmptySubsequences: false)
    {
      if !isInside, line.hasPrefix("apiVersion:") || (line.hasPrefix("# ") && line.hasSuffix(".yaml")) {
        isInside = true
        blocks.append([])
      } else if line.isEmpty {
        isInside = false
      }
      if isInside { blocks[blocks.count - 1].append(line) }
    }
    return blocks.enumerated().map { Document(name: "seed-\($0).yaml", text: $1.joined(separator: "\n") + "\n") }
  }

  private static func fromExample() throws -> [Document] {
    let paths = try FileManager.default.subpathsOfDirectory(atPath: example).filter { $0.hasSuffix(".yaml") }.sorted()
    return try paths.map { path in
      let text = String(decoding: try Data(contentsOf: URL(filePath: "\(example)/\(path)")), as: UTF8.self)
      return Document(name: path.replacing("/", with: "-"), text: text)
    }.filter { $0.text.contains("kind: ") && $0.text.contains("apiVersion: ") }
  }
}
