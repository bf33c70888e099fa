/// The date form of RFC 9110 section 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
package enum HTTPDate {
  private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  /// - Parameter timestamp: RFC 3339 in UTC with whole seconds, `1994-11-06T08:49:37Z`.
  /// - Parameter seconds: the same instant in seconds since 1970, for the day of the week.
  package static func text(timestamp: String, seconds: Int64) -> String {
    let parts = timestamp.dropLast().split { $0 == "-" || $0 == "T" }
    guard parts.count == 4, let month = Int(parts[1]), (1...12).contains(month) else { return timestamp }
    let day = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
    return "\(days[Int((day % 7 + 7) % 7)]), \(parts[2]) \(months[month - 1]) \(parts[0]) \(parts[3]) GMT"
  }
}
