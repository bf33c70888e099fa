/// Finds what a misspelt name was probably meant to be.
enum Spelling {
  /// The candidate nearest to `word`; nil when none is near enough to be worth a guess.
  ///
  /// Upper and lower case count as equal. Ties go to the candidate that sorts first, so that the answer is always the same.
  static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
    let wanted = Array(word.lowercased().unicodeScalars.prefix(64))
    let limit = max(1, wanted.count / 3)
    let ranked = candidates.map { (distance(wanted, Array($0.lowercased().unicodeScalars.prefix(64))), $0) }
    return ranked.filter { $0.0 <= limit }.min { $0 < $1 }?.1
  }

  /// `there is a, b`, or `there is none`.
  static func list(_ names: [String]) -> String {
    names.isEmpty ? "there is none" : "there is " + names.sorted().joined(separator: ", ")
  }

  /// The smallest number of insertions, removals, replacements and swaps of neighbours that turn one word into the other.
  private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for (i, scalar) in left.enumerated() {
      var row = [i + 1]
      for (j, other) in right.enumerated() {
        var best = min(last[j] + (scalar == other ? 0 : 1), min(last[j + 1], row[j]) + 1)
        if i > 0, j > 0, scalar == right[j - 1], left[i - 1] == other { best = min(best, beforeLast[j - 1] + 1) }
        row.append(best)
      }
      (beforeLast, last) = (last, row)
    }
    return last.last ?? left.count
  }
}
