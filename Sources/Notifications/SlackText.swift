import JSON

/// Notices as a text that people read in a channel: what, where, why, and what to do.
enum SlackText {
  /// Notices that are told one by one; of further ones only their number.
  private static let linesLimit = 5
  private static let detailLimit = 300

  static func message(_ notices: [Notice]) -> JSONValue {
    ["text": .string(notices.count == 1 ? single(notices[0]) : several(notices))]
  }

  private static func single(_ notice: Notice) -> String {
    var lines = ["*\(heading(notice.key.kind, 1))*: \(plain(subject(notice)))"]
    lines.append("\(notice.reason): \(plain(notice.detail.cut(at: 2 * detailLimit)))")
    if notice.target != nil, let image = notice.image { lines.append("image \(plain(tagged(image)))") }
    lines.append("`relaunch explain \(plain(notice.eventID))`")
    if notice.key.kind == .dead { lines.append("mend, then `relaunch deadletters replay \(plain(notice.key.subject))`") }
    return lines.joined(separator: "\n")
  }

  private static func several(_ notices: [Notice]) -> String {
    let counts = Notice.Kind.allCases.map { kind in (kind, notices.count { $0.key.kind == kind }) }.filter { $0.1 > 0 }
    var lines = ["*\(counts.map { heading($0.0, $0.1) }.joined(separator: ", "))*"]
    for notice in notices.prefix(linesLimit) {
      let what = plain(subject(notice))
      let kind = counts.count > 1 ? "\(notice.key.kind.rawValue): " : ""
      lines.append(
        "• \(kind)\(what): \(notice.reason): \(plain(notice.detail.cut(at: detailLimit))) (`relaunch explain \(plain(notice.eventID))`)"
      )
    }
    if notices.count > linesLimit { lines.append("and \(notices.count - linesLimit) more: `relaunch deadletters list`") }
    return lines.joined(separator: "\n")
  }

  private static func subject(_ notice: Notice) -> String {
    notice.target ?? notice.image.map(tagged) ?? "event \(notice.eventID)"
  }

  /// The image without its digest, which nobody reads in a channel.
  private static func tagged(_ image: String) -> String { String(image.prefix { $0 != "@" }) }

  private static func heading(_ kind: Notice.Kind, _ count: Int) -> String {
    switch kind {
    case .dead: count == 1 ? "Dead letter" : "\(count) dead letters"
    case .recovered: count == 1 ? "Recovered" : "\(count) recovered"
    case .rolloutFailed: count == 1 ? "Rollout failed" : "\(count) rollouts failed"
    }
  }

  /// What a stranger wrote, so that it is neither a link nor a mention, and no mark-up of its own: Slack reads `&`, `<` and `>`.
  private static func plain(_ text: String) -> String {
    var plain = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": plain += "&amp;"
      case "<": plain += "&lt;"
      case ">": plain += "&gt;"
      case "`": plain += "'"
      default:
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: plain += " "
        default: plain.unicodeScalars.append(scalar)
        }
      }
    }
    return plain
  }
}
