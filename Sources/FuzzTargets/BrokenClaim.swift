/// Something that must be true of the code under test and was not.
public struct BrokenClaim: Error, CustomStringConvertible {
  /// What was seen, as a sentence.
  public let description: String

  init(_ sentence: String) { description = sentence }
}

/// Throws `sentence` unless `condition` holds. No `precondition`: the ordinary tests want to name the input, and a release build
/// leaves the sentence out.
func claim(_ condition: Bool, _ sentence: @autoclosure () -> String) throws(BrokenClaim) {
  guard condition else { throw BrokenClaim(sentence()) }
}

/// Claims that `error` can be shown to anybody: it quotes little, and nothing that moves a terminal's cursor.
func claimIsPresentable(_ error: some Error) throws(BrokenClaim) {
  let text = "\(error)"
  try claim(text.utf8.count <= 1000, "an error's text has \(text.utf8.count) bytes")
  try claim(
    text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "an error's text has a control character: \(text.debugDescription)")
}

/// Claims that `whole` and `cut`, what was said of the same bytes that came in two ways, are the same.
/// - Parameter isEnd: what nothing counts after, and that itself does not, whichever of the two has it.
func claimSame<Said: Equatable>(
  _ whole: [Said], _ cut: [Said], until isEnd: (Said) -> Bool = { _ in false }
) throws(BrokenClaim) {
  for index in 0..<max(whole.count, cut.count) {
    let (left, right) = (whole.dropFirst(index).first, cut.dropFirst(index).first)
    if left.map(isEnd) == true || right.map(isEnd) == true { return }
    try claim(left == right, "step \(index) is \(shown(left)) where all comes at once, \(shown(right)) where it comes in pieces")
  }
}

private func shown<Said>(_ said: Said?) -> String { said.map { "\($0)" } ?? "nothing" }
