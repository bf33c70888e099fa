import JSON

/// One clause of `filters.data`: a value of the event compared with the texts an author wrote.
struct DataFilter: Sendable {
  enum Kind: Sendable {
    case string([Result<RE2Pattern, RuleError>])
    case number([Result<Double, InvalidText>])
    case bool([Result<Bool, InvalidText>])
    case unsupported(String)
  }

  struct InvalidText: Error, Hashable, Sendable {
    let message: String
  }

  let path: ValuePath
  let kind: Kind
  let comparator: String

  /// The `value` list as written.
  let values: [String]

  /// Argo's verdict on `event`.
  func verdict(on event: inout EventView) -> FilterVerdict {
    let candidates: [JSONValue]
    switch path.candidates(in: &event) {
    case .found(let values): candidates = values
    case .missing: return .error(rejection("path '\(path.text)' does not exist", nil))
    case .unusable(let reason): return .error(rejection(reason, nil))
    }
    guard !values.isEmpty else { return .error(rejection("no values specified", nil)) }
    // The seed dialect reads a digest or tag in its short and its full form: "=" wants either, "!=" wants neither.
    var failure: FilterVerdict = .pass
    for candidate in candidates {
      let verdict = verdict(on: candidate)
      switch verdict {
      case .pass where comparator != "!=": return .pass
      case .pass: continue
      case .fail, .error:
        if comparator == "!=" { return verdict }
        failure = verdict
      }
    }
    return failure
  }

  private func verdict(on value: JSONValue) -> FilterVerdict {
    switch kind {
    case .string(let patterns):
      let text = value.gjsonText
      return any(patterns, describing: text) { pattern in
        switch comparator {
        case "", "=": pattern.matches(text)
        case "!=": !pattern.matches(text)
        default: false
        }
      }
    case .number(let numbers):
      let actual = value.gjsonDouble
      return any(numbers, describing: value.gjsonText) { wanted in
        switch comparator {
        case "", "=": actual == wanted
        case "!=": actual != wanted
        case ">": actual > wanted
        case ">=": actual >= wanted
        case "<": actual < wanted
        case "<=": actual <= wanted
        default: false
        }
      }
    case .bool(let flags):
      let actual = value.gjsonBool
      return any(flags, describing: value.gjsonText) { $0 == actual }
    case .unsupported(let type):
      return .error(rejection("unsupported JSON type '\(type)'", nil))
    }
  }

  /// Passes at the first value that matches; a value that cannot be read counts only when it is reached, as in Argo.
  private func any<Wanted, Failure: Error>(
    _ wanted: [Result<Wanted, Failure>], describing actual: String, where matches: (Wanted) -> Bool
  ) -> FilterVerdict {
    for value in wanted {
      switch value {
      case .success(let value): if matches(value) { return .pass }
      case .failure(let error): return .error(rejection("\(error)", actual))
      }
    }
    return .fail(rejection(nil, actual))
  }

  private func rejection(_ problem: String?, _ actual: String?) -> Rejection {
    let comparator = comparator.isEmpty ? "=" : comparator
    let wanted = "\(comparator) \(values.map { $0.quoted(limit: 80) }.joined(separator: " or "))"
    return Rejection(clause: "data", path: path.text, actual: actual, wanted: wanted, problem: problem)
  }
}

extension DataFilter.InvalidText: CustomStringConvertible {
  var description: String { message }
}

/// What a filter says about one event.
enum FilterVerdict: Hashable, Sendable {
  case pass
  case fail(Rejection)
  /// The filter could not be decided, which Argo treats as a refusal too.
  case error(Rejection)

  var passes: Bool { self == .pass }
}
