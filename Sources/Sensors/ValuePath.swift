import JSON

/// Where a filter or a parameter finds its value in an event.
struct ValuePath: Sendable {
  enum Lookup: Sendable {
    /// Real Argo: a gjson path from the `data` root.
    case data(JSONPath)
    /// The seed dialect (`$.…`): a path in the decoded message body, then an attribute, then the derived view.
    case derived(name: String, JSONPath)
    /// A path that cannot be read, and why.
    case unusable(String)
  }

  /// The path as its author wrote it.
  let text: String
  let lookup: Lookup

  init(_ text: String) {
    self.text = text
    do {
      if let name = Self.seedName(text) {
        lookup = .derived(name: name, try JSONPath(name))
      } else {
        lookup = .data(try JSONPath(text))
      }
    } catch {
      lookup = .unusable("\(error)")
    }
  }

  /// Whether the path begins with `$.`, which real Argo reads as the name of a member.
  var isSeedDialect: Bool { Self.seedName(text) != nil }

  /// The member that a `$.` path begins with.
  var derivedName: String? {
    guard case .derived(let name, _) = lookup else { return nil }
    return name
  }

  enum Candidates {
    /// The values to look at: one, or in the seed dialect the short and the full form of a tag or digest.
    case found([JSONValue])
    case missing
    case unusable(String)
  }

  /// The values a filter compares.
  func candidates(in event: inout EventView) -> Candidates {
    switch lookup {
    case .data(let path):
      guard let data = event.data else { return .unusable("event data not valid JSON") }
      return path.value(in: data).map { .found([$0]) } ?? .missing
    case .derived(let name, let path):
      let forms = event.forms(of: name) ?? event.derivedValue(name, path).map { [$0] }
      return forms.map { .found($0) } ?? .missing
    case .unusable(let reason): return .unusable(reason)
    }
  }

  /// `$.a.b[0]` as the gjson path `a.b.0`; nil for paths of real Argo.
  private static func seedName(_ text: String) -> String? {
    guard text.hasPrefix("$."), text.count > 2 else { return nil }
    var path = ""
    for character in text.dropFirst(2) {
      switch character {
      case "[": path.append(".")
      case "]", "'", "\"": break
      default: path.append(character)
      }
    }
    return path
  }
}
