import Clocks
import TestSupport
import Testing

@Suite struct RFC3339Tests {
  @Test(arguments: [
    ("1970-01-01T00:00:00Z", 0),
    ("2021-02-26T19:13:55.749Z", 1_614_366_835_749_000_000),
    ("2021-02-26T20:13:55.749+01:00", 1_614_366_835_749_000_000),
    ("2024-02-29T23:59:59.123456789Z", 1_709_251_199_123_456_789),
    ("1969-12-31T23:59:59.5Z", -500_000_000),
    ("2016-12-31T23:59:60Z", 1_483_228_800_000_000_000),
  ]) func reads(text: String, nanoseconds: Int64) {
    #expect(Timestamp(rfc3339: text)?.nanoseconds == nanoseconds)
  }

  @Test(arguments: [
    "", "2021-02-26", "2021-02-26 19:13:55Z", "2021-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "2021-13-01T00:00:00Z",
    "2021-02-26T24:00:00Z", "2021-02-26T19:13:55", "2021-02-26T19:13:55.Z", "2021-02-26T19:13:55+0100", "2021-02-26T19:13:55Zx",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "２０21-02-26T19:13:55Z",
  ]) func refuses(text: String) {
    #expect(Timestamp(rfc3339: text) == nil)
  }

  @Test func writesWhatItReads() {
    var generator = SplitMix()
    for _ in 0..<2_000 {
      let instant = Timestamp(
        nanoseconds: Int64.random(in: -9_000_000_000_000_000...9_000_000_000_000_000, using: &generator) * 1000)
      #expect(Timestamp(rfc3339: instant.rfc3339WholeSeconds) == instant.wholeSecond, "\(instant.nanoseconds)")
      #expect(Timestamp(rfc3339: instant.rfc3339).map { instant - $0 < .milliseconds(1) } == true, "\(instant.nanoseconds)")
    }
  }

  @Test func theEndsOfTimeNeitherTrapNorWrap() {
    let last = Timestamp(nanoseconds: .max)
    let first = Timestamp(nanoseconds: .min)
    #expect(last + .seconds(1) == last)
    #expect(first - .seconds(1) == first)
    #expect((last - first).inSeconds > 9e9)
    #expect(last.rfc3339 == "2262-04-11T23:47:16.854Z")
    #expect(first.rfc3339WholeSeconds == "1677-09-21T00:12:43Z")
  }
}
