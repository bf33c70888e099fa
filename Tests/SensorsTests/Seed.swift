import Sensors
import TestSupport

/// The four documents of the seed, cut verbatim out of its prose.
enum Seed {
  /// A file for each block of YAML, named for its first document's kind.
  static func files() throws -> [RuleFile] {
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
    return blocks.enumerated().map { index, lines in
      RuleFile(name: "seed-\(index).yaml", bytes: Array((lines.joined(separator: "\n") + "\n").utf8))
    }
  }
}
