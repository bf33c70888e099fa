import Sensors
import Testing

@Suite struct RateLimitTests {
  private static func load(_ rateLimit: String) -> (RuleSet, [Diagnostic]) {
    RealDialect.load(RealDialect.sensor(parameters: "[]", trigger: "      rateLimit: \(rateLimit)"))
  }

  private static func errors(_ diagnostics: [Diagnostic]) -> [String] {
    diagnostics.filter { $0.severity == .error }.map { "\($0)" }
  }

  private static func rates(_ rules: RuleSet) -> [RateLimit?] {
    let workload = Samples.deployment
    return Samples.outcomes(rules, Samples.insert("latest"), [workload], source: "images").flatMap { outcome -> [RateLimit?] in
      if case .fires(let firings) = outcome { firings.map(\.rateLimit) } else { [] }
    }
  }

  @Test(
    arguments: [
      ("{unit: Second, requestsPerUnit: 5}", 5, .second), ("{unit: Minute, requestsPerUnit: 1}", 1, .minute),
      ("{unit: Hour, requestsPerUnit: 2147483647}", 2_147_483_647, .hour), ("{requestsPerUnit: 7}", 7, .second),
    ] as [(String, Int, RateLimit.Unit)])
  func isReadAsArgoReadsIt(_ text: String, _ count: Int, _ unit: RateLimit.Unit) {
    let (rules, diagnostics) = Self.load(text)
    #expect(Self.errors(diagnostics) == [])
    #expect(Self.rates(rules) == [RateLimit(count, per: unit)])
  }

  @Test(arguments: ["null", "~"]) func noneIsNoLimit(_ text: String) {
    let (rules, diagnostics) = Self.load(text)
    #expect(Self.errors(diagnostics) == [])
    #expect(Self.rates(rules) == [nil])
  }

  /// Argo would run these at another rate than they say, or not at all.
  @Test(arguments: [
    ("{unit: minute, requestsPerUnit: 5}", "unit is \"minute\", which Argo takes for Second; write Minute"),
    ("{unit: Day, requestsPerUnit: 5}", "which Argo takes for Second; write Second, Minute, Hour"),
    ("{unit: \"\", requestsPerUnit: 5}", "which Argo takes for Second"), ("{unit: 5, requestsPerUnit: 5}", "must be a string"),
    ("{unit: Second, requestsPerUnit: 0}", "must be from 1 to 2147483647; at 0 Argo's Sensor ends"),
    ("{unit: Second, requestsPerUnit: -1}", "must be from 1 to 2147483647"),
    ("{unit: Second, requestsPerUnit: 2147483648}", "must be from 1 to 2147483647"),
    ("{unit: Second}", "requestsPerUnit is missing"), ("{}", "requestsPerUnit is missing"),
    ("{unit: Second, requestsPerUnit: \"5\"}", "must be a whole number, not a string"),
    ("{unit: Second, requestsPerUnit: 1.5}", "must be a whole number, not a number"), ("5", "must be a mapping"),
  ])
  func refusesWhatArgoMisunderstands(_ text: String, _ problem: String) {
    let (rules, diagnostics) = Self.load(text)
    #expect(Self.errors(diagnostics).contains { $0.contains(problem) }, "\(diagnostics)")
    #expect(Self.rates(rules) == [], "the trigger is not active")
  }

  @Test func warnsOfAFieldThatArgoDrops() {
    let (_, diagnostics) = Self.load("{unit: Second, requestPerUnit: 5, requestsPerUnit: 5}")
    #expect(diagnostics.contains { $0.severity == .warning && $0.message.contains("rateLimit.requestPerUnit is not a field") })
  }

  @Test func intervalsAreExact() {
    #expect(RateLimit(4, per: .second)?.interval == .milliseconds(250))
    #expect(RateLimit(1, per: .hour)?.interval == .seconds(3600))
    #expect(RateLimit(0, per: .hour) == nil && RateLimit(.max, per: .hour) == nil)
  }
}
