import HTTP

/// How long a key set may be used before it is asked for again, RFC 9111 section 4.2.
enum KeyFreshness {
  /// Below this we would ask too often, whatever the issuer says.
  static let floor = Duration.seconds(5 * 60)
  /// Beyond this a withdrawn key would be accepted for too long.
  static let ceiling = Duration.seconds(6 * 3600)

  /// max-age less Age, between floor and ceiling; the floor where the response does not say.
  static func lifetime(_ fields: HTTPFields) -> Duration {
    guard let maximum = maximumAge(fields) else { return floor }
    // A cache on the way has had the response for this long. An Age that is no number says nothing good.
    guard let age = fields.bytes(of: .age).map({ seconds($0) }) ?? 0 else { return floor }
    return min(max(.seconds(maximum - age), floor), ceiling)
  }

  /// The smallest max-age of all that are there; nil for none, and where storing is forbidden.
  private static func maximumAge(_ fields: HTTPFields) -> Int64? {
    var smallest: Int64?
    for value in fields.values(of: .cacheControl) {
      for directive in value.split(separator: UInt8(ascii: ",")) {
        let text = String(decoding: directive, as: UTF8.self).lowercased().filter { $0 != " " && $0 != "\t" && $0 != "\"" }
        if text == "no-store" || text == "no-cache" { return nil }
        guard text.hasPrefix("max-age=") else { continue }
        guard let found = seconds(Array(text.utf8.dropFirst("max-age=".utf8.count))[...]) else { return nil }
        smallest = min(smallest ?? found, found)
      }
    }
    return smallest
  }

  /// delta-seconds, RFC 9111 section 1.2.2: digits, and too many of them mean 2^31.
  private static func seconds(_ digits: ArraySlice<UInt8>) -> Int64? {
    guard !digits.isEmpty, digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return min(Int64(String(decoding: digits, as: UTF8.self)) ?? .max, 1 << 31)
  }
}
