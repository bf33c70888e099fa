package import JSON

/// How often a trigger may run: `rateLimit` of a Sensor's trigger.
package struct RateLimit: Hashable, Sendable {
  package enum Unit: String, CaseIterable, Sendable {
    case second = "Second"
    case minute = "Minute"
    case hour = "Hour"
  }

  /// Requests that Argo lets come at once because as many were not used before; it has no setting for it.
  package static let slack = 10
  /// Argo's field has 32 bits.
  package static let requestsPerUnitRange = 1...Int(Int32.max)

  package let unit: Unit
  /// In `requestsPerUnitRange`.
  package let requestsPerUnit: Int

  /// - Returns: nil for a number out of range: Argo's Sensor ends with a division by zero.
  package init?(_ requestsPerUnit: Int, per unit: Unit) {
    guard Self.requestsPerUnitRange.contains(requestsPerUnit) else { return nil }
    self.unit = unit
    self.requestsPerUnit = requestsPerUnit
  }

  /// From one request to the next.
  package var interval: Duration {
    switch unit {
    case .second: .seconds(1) / requestsPerUnit
    case .minute: .seconds(60) / requestsPerUnit
    case .hour: .seconds(3600) / requestsPerUnit
    }
  }

  package var json: JSONValue {
    .object(["unit": .string(unit.rawValue), "requestsPerUnit": .number(JSONNumber(Int64(requestsPerUnit)))])
  }

  /// - Returns: nil for anything that `json` does not write.
  package init?(json: JSONValue) {
    guard let unit = json["unit"]?.string.flatMap(Unit.init(rawValue:)), let count = json["requestsPerUnit"]?.int else {
      return nil
    }
    self.init(count, per: unit)
  }
}
