/// An instant of the wall clock: nanoseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// It covers the years 1678 to 2261. Arithmetic saturates at those ends instead of trapping, because instants come from messages
/// and files that anyone may have written.
package struct Timestamp: Hashable, Comparable, Sendable {
  package let nanoseconds: Int64

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// - Parameter seconds: whole seconds since 1970; saturates.
  package init(seconds: Int64) {
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    nanoseconds = overflow ? (seconds < 0 ? .min : .max) : product
  }

  /// The whole seconds since 1970, rounded down.
  package var seconds: Int64 {
    let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    return remainder < 0 ? quotient - 1 : quotient
  }

  /// The same instant with its fraction of a second cut off.
  package var wholeSecond: Timestamp { Timestamp(seconds: seconds) }

  package static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds < right.nanoseconds }

  package static func + (instant: Timestamp, duration: Duration) -> Timestamp {
    let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(duration.saturatedNanoseconds)
    return Timestamp(nanoseconds: overflow ? (duration < .zero ? .min : .max) : sum)
  }

  package static func - (instant: Timestamp, duration: Duration) -> Timestamp { instant + (.zero - duration) }

  /// The time from `earlier` to `later`; negative when `later` comes first.
  package static func - (later: Timestamp, earlier: Timestamp) -> Duration {
    let (difference, overflow) = later.nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
    return .nanoseconds(overflow ? (later < earlier ? .min : .max) : difference)
  }
}

extension Duration {
  /// The duration in nanoseconds, saturating at the ends of `Int64`.
  package var saturatedNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow else { return seconds < 0 ? .min : .max }
    let (sum, carried) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
    return carried ? (seconds < 0 ? .min : .max) : sum
  }

  /// The duration in seconds, for people and for metrics.
  package var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
