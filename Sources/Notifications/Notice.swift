package import Clocks
package import JSON

/// Something that people or other systems want to hear of without having asked.
package struct Notice: Hashable, Sendable {
  package enum Kind: String, CaseIterable, Sendable {
    /// Work was given up.
    case dead
    /// What had failed for a workload has been done.
    case recovered
    /// A workload was restarted, and its new pods do not become ready.
    case rolloutFailed = "rollout-failed"
  }

  /// What makes two notices the same. One is sent to each receiver once, or more often if the process ends before that is journaled.
  package struct Key: Hashable, Sendable {
    package let kind: Kind
    /// The id of the dead letter or of the job that it is about.
    package let subject: String

    package init(_ kind: Kind, _ subject: String) {
      self.kind = kind
      self.subject = subject
    }
  }

  /// The detail is cut there, in bytes; `relaunch explain` has all of it.
  package static let detailBytesLimit = 1000

  package let key: Key
  package let eventID: String
  package let source: String
  /// The workload, `Deployment/default/web`; nil where the event could not be turned into one.
  package let target: String?
  package let image: String?
  /// A fixed word, such as `forbidden`.
  package let reason: String
  /// What happened, in sentences.
  package let detail: String
  package let at: Timestamp

  package init(
    _ key: Key, eventID: String, source: String, target: String?, image: String?, reason: String, detail: String, at: Timestamp
  ) {
    self.key = key
    self.eventID = eventID
    self.source = source
    self.target = target
    self.image = image?.cut(at: Self.detailBytesLimit)
    self.reason = reason
    self.detail = detail.cut(at: Self.detailBytesLimit)
    self.at = at
  }

  /// All there is to say, for whoever reads it by a program.
  package var json: JSONValue {
    [
      "kind": .string(key.kind.rawValue), "subject": .string(key.subject), "event": .string(eventID), "source": .string(source),
      "target": target.map { .string($0) } ?? .null, "image": image.map { .string($0) } ?? .null, "reason": .string(reason),
      "detail": .string(detail), "at": .string(at.rfc3339),
    ]
  }
}

extension String {
  /// The text itself, or as much of it as takes `limit` bytes, with a mark behind it.
  func cut(at limit: Int) -> String {
    guard utf8.count > limit else { return self }
    var cut = ""
    var count = 0
    for scalar in unicodeScalars {
      count += UTF8.width(scalar)
      if count > limit { break }
      cut.unicodeScalars.append(scalar)
    }
    return cut + "…"
  }
}
