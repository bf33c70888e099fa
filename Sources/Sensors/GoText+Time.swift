import Clocks

extension GoText {
  /// `time.Time.String()` of an instant in UTC: `2024-07-15 16:36:34.123 +0000 UTC`.
  static func time(_ instant: Timestamp) -> String {
    let whole = instant.rfc3339WholeSeconds
    let nanoseconds = instant.nanoseconds &- instant.wholeSecond.nanoseconds
    var fraction = ""
    if nanoseconds > 0 {
      let digits = String(nanoseconds)
      fraction = "." + String(repeating: "0", count: 9 - digits.count) + digits
      while fraction.hasSuffix("0") { fraction.removeLast() }
    }
    return whole.prefix(10) + " " + whole.dropFirst(11).dropLast() + fraction + " +0000 UTC"
  }
}
