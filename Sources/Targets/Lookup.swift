/// What a mapping says about one image.
package struct Lookup: Hashable, Sendable {
  /// Empty where no key matches.
  package let entries: [MappingEntry]
  /// The key that matched, as it is written in `file`; nil where none does.
  package let matchedKey: String?
  package let file: String?
  /// The spellings of the image that were looked for, the most exact first, up to the one that matched.
  package let tried: [String]
  /// Where a short key matched that the mapping's other keys know in several repositories: those repositories. Whose workloads
  /// the key names is then a guess.
  package let ambiguousRepositories: [String]

  package init(
    entries: [MappingEntry], matchedKey: String?, file: String?, tried: [String], ambiguousRepositories: [String] = []
  ) {
    self.entries = entries
    self.matchedKey = matchedKey
    self.file = file
    self.tried = tried
    self.ambiguousRepositories = ambiguousRepositories
  }

  package var workloads: [Workload] { entries.map(\.workload) }
}

extension Lookup: CustomStringConvertible {
  package var description: String {
    guard let matchedKey else { return "no mapping for \(tried.joined(separator: ", "))" }
    return "\(workloads.map(\.description).joined(separator: ", ")) by key \"\(matchedKey)\" of \(file ?? "the mapping")"
  }
}
