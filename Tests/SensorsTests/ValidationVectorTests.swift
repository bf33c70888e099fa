import JSON
import TestSupport
import Testing

@testable import Sensors

// The vectors stand beside the checkout; without them there is nothing to compare with.
@Suite(.enabled(if: SharedData.isPresent, "the vectors are not beside this checkout"))
struct ValidationVectorTests {
  /// Fields of Sensors whose own checks are not made yet; such a trigger is refused for being unsupported instead.
  private static let unsupported = [
    "exprs", "time", "conditionsReset", "policy", "http", "email", "kafka", "nats", "awsLambda", "openWhisk", "dlqTrigger",
  ]

  @Test func refusesWithArgosOwnWords() throws {
    var compared = 0
    var outOfScope = 0
    for vector in try Vectors.cases("validation.json") where vector["unit"]?.string == "sensor" && vector["valid"]?.bool == false
    {
      guard let message = vector["error"]?.string, let input = vector["input"], let text = Optional(input.text()) else {
        continue
      }
      let isDecoding = message.hasPrefix("decode: ")
      // Two dependencies on one event are refused by Argo on the STAN bus only.
      if Self.unsupported.contains(where: { text.contains("\"\($0)\":") })
        || message.contains("referenced for more than one dependency")
      {
        outOfScope += 1
        continue
      }
      let (rules, diagnostics) = RuleSet.load(files: [
        RuleFile(name: "s.yaml", bytes: input.serialized()), Samples.file(Self.eventSource(of: input), name: "e.yaml"),
      ])
      let errors = diagnostics.filter { $0.severity == .error }.map(\.message)
      #expect(errors.contains { isDecoding ? $0.contains(" must be ") : $0.hasPrefix(message) }, "\(message) is not in \(errors)")
      #expect(rules.sensors.allSatisfy { $0.triggers.allSatisfy { (try? $0.plan.get()) == nil } })
      compared += 1
    }
    print("vectors validation.json (sensor, invalid): \(compared) compared, \(outOfScope) out of scope")
    #expect(compared > 12)
  }

  /// An EventSource with every event the Sensor refers to.
  private static func eventSource(of sensor: JSONValue) -> String {
    let events = (sensor["spec"]?["dependencies"]?.array ?? []).compactMap { $0["eventName"]?.string }
    let pubSub = JSONObject(events.map { (name: $0, value: JSONValue.object(["topic": "t"])) })
    return JSONValue.object([
      "apiVersion": "argoproj.io/v1alpha1", "kind": "EventSource", "metadata": ["name": "es"],
      "spec": ["pubSub": .object(pubSub)],
    ]).text()
  }
}
