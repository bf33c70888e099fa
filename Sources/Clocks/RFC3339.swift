/// Internet timestamps, RFC 3339 section 5.6, read and written.
extension Timestamp {
  /// Reads `2026-11-23T14:00:05Z`, with any number of fractional digits (kept to the nanosecond) and any offset.
  ///
  /// Upper-case `T` and `Z` only, as Google and Kubernetes write them. Second 60 is read as the first of the next minute.
  /// - Returns: nil for anything else, and for years that `Timestamp` cannot hold.
  package init?(rfc3339 text: some StringProtocol) { self.init(rfc3339: Array(text.utf8)[...]) }

  /// Reads the same from UTF-8.
  package init?(rfc3339 text: ArraySlice<UInt8>) {
    var bytes = TimeText(bytes: text, position: text.startIndex)
    guard let year = bytes.number(4), bytes.skip("-"), let month = bytes.number(2), bytes.skip("-"), let day = bytes.number(2),
      bytes.skip("T"), let hour = bytes.number(2), bytes.skip(":"), let minute = bytes.number(2), bytes.skip(":"),
      let second = bytes.number(2), let fraction = bytes.fraction(), let offset = bytes.offset(), bytes.isEmpty,
      (1678...2261).contains(year), (1...12).contains(month), (1...Self.days(of: month, in: year)).contains(day),
      hour < 24, minute < 60, second <= 60
    else { return nil }
    let days = Self.daysSince1970(year, month, day)
    let seconds = Int64(days) * 86_400 + Int64(hour * 3600 + minute * 60 + second) - Int64(offset)
    self = Timestamp(seconds: seconds) + .nanoseconds(fraction)
  }

  /// The instant in UTC with milliseconds: `2026-11-23T14:00:05.250Z`.
  package var rfc3339: String { formatted(fraction: true) }

  /// The instant in UTC, its fraction cut off: `2026-11-23T14:00:05Z`. The form Kubernetes writes.
  package var rfc3339WholeSeconds: String { formatted(fraction: false) }

  private func formatted(fraction: Bool) -> String {
    let total = seconds
    let days = Int(total >= 0 ? total / 86_400 : (total - 86_399) / 86_400)
    let rest = Int(total - Int64(days) * 86_400)
    let (year, month, day) = Self.date(daysSince1970: days)
    return unsafe String(unsafeUninitializedCapacity: 24) { buffer in
      var end = 0
      func put(_ value: Int, _ digits: Int, then mark: Unicode.Scalar) {
        var divisor = digits == 4 ? 1000 : digits == 3 ? 100 : 10
        for _ in 0..<digits {
          unsafe buffer[end] = UInt8(48 + value / divisor % 10)
          end += 1
          divisor /= 10
        }
        unsafe buffer[end] = UInt8(ascii: mark)
        end += 1
      }
      put(year, 4, then: "-")
      put(month, 2, then: "-")
      put(day, 2, then: "T")
      put(rest / 3600, 2, then: ":")
      put(rest / 60 % 60, 2, then: ":")
      put(rest % 60, 2, then: fraction ? "." : "Z")
      if fraction { put(Int(nanoseconds &- total &* 1_000_000_000) / 1_000_000, 3, then: "Z") }
      return end
    }
  }

  private static func days(of month: Int, in year: Int) -> Int {
    switch month {
    case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days from 1970-01-01 in the proleptic Gregorian calendar, counting years from March so that the leap day comes last.
  private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let shifted = month > 2 ? year : year - 1
    let era = shifted / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func date(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
  }
}

/// The bytes of a time that are still to be read.
private struct TimeText {
  let bytes: ArraySlice<UInt8>
  var position: Int

  var isEmpty: Bool { position == bytes.endIndex }

  /// The value of the next byte, which stays unread, where it is a digit.
  private var digit: Int? {
    guard position < bytes.endIndex, (48...57).contains(bytes[position]) else { return nil }
    return Int(bytes[position] - 48)
  }

  mutating func number(_ digits: Int) -> Int? {
    var value = 0
    for _ in 0..<digits {
      guard let digit else { return nil }
      value = value * 10 + digit
      position += 1
    }
    return value
  }

  mutating func skip(_ mark: Unicode.Scalar) -> Bool {
    guard position < bytes.endIndex, bytes[position] == UInt8(ascii: mark) else { return false }
    position += 1
    return true
  }

  /// The nanoseconds of `.250`; 0 where there is no fraction; nil for a dot without digits.
  mutating func fraction() -> Int64? {
    guard skip(".") else { return 0 }
    guard digit != nil else { return nil }
    var value: Int64 = 0
    var unit: Int64 = 100_000_000
    while let digit {
      value += Int64(digit) * unit
      unit /= 10
      position += 1
    }
    return value
  }

  /// The seconds east of UTC of `Z` or `+01:00`.
  mutating func offset() -> Int? {
    if skip("Z") { return 0 }
    let sign = skip("+") ? 1 : skip("-") ? -1 : 0
    guard sign != 0, let hours = number(2), skip(":"), let minutes = number(2), hours < 24, minutes < 60 else { return nil }
    return sign * (hours * 3600 + minutes * 60)
  }
}
