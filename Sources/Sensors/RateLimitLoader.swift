import JSON

/// Reads `rateLimit` of a trigger. What Argo takes without a word, and then does something else or ends, is an error here.
struct RateLimitLoader {
  let report: Report

  /// nil where there is none, or none that can be used, which has been reported.
  func rateLimit(_ trigger: Fields) -> RateLimit? {
    guard let fields = trigger.mapping("rateLimit") else { return nil }
    fields.warnUnknown(["unit", "requestsPerUnit"])
    let unit = unit(fields)
    guard let count = requestsPerUnit(fields), let unit else { return nil }
    return RateLimit(count, per: unit)
  }

  private func unit(_ fields: Fields) -> RateLimit.Unit? {
    guard let node = fields.value("unit") else { return .second }
    guard let text = fields.text("unit") else { return nil }
    if let unit = RateLimit.Unit(rawValue: text) { return unit }
    let units = RateLimit.Unit.allCases.map(\.rawValue)
    let meant = units.first { $0.lowercased() == text.lowercased() }
    report.invalid(
      "rate-limit", node, "\(fields.join("unit")) is \(text.quoted(limit: 40)), which Argo takes for Second",
      fix: meant.map { "write \($0)" } ?? "write \(units.joined(separator: ", ")); without a unit it is Second")
    return nil
  }

  private func requestsPerUnit(_ fields: Fields) -> Int? {
    let range = RateLimit.requestsPerUnitRange
    guard let node = fields.value("requestsPerUnit") else {
      report.invalid("rate-limit", fields.node, "\(fields.join("requestsPerUnit")) is missing, and Argo's Sensor ends at 0")
      return nil
    }
    guard let count = node.int else {
      report.invalid("wrong-type", node, "\(fields.join("requestsPerUnit")) must be a whole number, not \(node.kindName)")
      return nil
    }
    guard range.contains(count) else {
      report.invalid(
        "rate-limit", node,
        "\(fields.join("requestsPerUnit")) must be from \(range.lowerBound) to \(range.upperBound); at \(count) Argo's Sensor ends"
      )
      return nil
    }
    return count
  }
}
