import Clocks
import JSON

/// Which dead letters a request is about. Every part that is given must hold.
struct DeadLetterFilter: Sendable {
  /// The words of a query that narrow what it is about.
  static let names = ["reason", "image", "source", "target", "since", "until"]

  private let reason: String?
  private let image: String?
  private let source: String?
  private let target: String?
  private let since: Timestamp?
  private let until: Timestamp?
  /// Only letters with a lower number: where the page before ended, or what there was when the first of several requests came.
  private let before: Int?

  /// Reads the filter of a query, strictly: a misspelt word would be a filter that nobody chose, and whoever replays or discards by it
  /// would do more than they meant.
  /// - Parameter others: further words that the query may have.
  /// - Throws: a sentence that names what is wrong.
  init(_ view: AdminView, and others: [String], now: Timestamp) throws(QueryError) {
    try view.check(Self.names + ["limit", "before"] + others)
    reason = try view.text("reason")
    image = try view.text("image")
    source = try view.text("source")
    target = try view.text("target")
    since = try Self.instant("since", view, now)
    until = try Self.instant("until", view, now)
    before = try view.number("before", in: 0...Int.max)
  }

  /// - Parameter open: one of the list.
  func matches(_ open: EventIndex.OpenDeadLetter) -> Bool {
    let letter = open.letter
    if let before, open.number >= before { return false }
    if let reason, letter.reason != reason { return false }
    if let source, open.source != source { return false }
    if let image, !(open.image?.contains(image) ?? false) { return false }
    if let target, !Self.names(target, letter.job?.target) { return false }
    if let since, letter.lastAt < since { return false }
    if let until, letter.lastAt >= until { return false }
    return true
  }

  /// `web`, `default/web` and `Deployment/default/web` all name the last.
  private static func names(_ wanted: String, _ target: String?) -> Bool {
    guard let target else { return false }
    return target == wanted || target.hasSuffix("/" + wanted)
  }

  /// An instant as RFC 3339 has it, or how long ago it was: `90s`, `15m`, `2h`, `7d`.
  private static func instant(_ name: String, _ view: AdminView, _ now: Timestamp) throws(QueryError) -> Timestamp? {
    guard let text = try view.text(name) else { return nil }
    if let instant = Timestamp(rfc3339: text) { return instant }
    let seconds: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard let unit = text.last.flatMap({ seconds[$0] }), let count = Int64(text.dropLast()), (0...1_000_000).contains(count)
    else {
      throw QueryError("\(name): must be a time such as 2026-11-23T14:00:00Z, or how long ago it was, such as 15m, 2h or 7d")
    }
    return now - .seconds(count * unit)
  }
}

/// What is wrong with a query, in a sentence for whoever sent it.
struct QueryError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
