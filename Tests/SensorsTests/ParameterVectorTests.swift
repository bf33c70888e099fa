import JSON
import TestSupport
import Testing

@testable import Sensors

// The vectors stand beside the checkout; without them there is nothing to compare with.
@Suite(.enabled(if: SharedData.isPresent, "the vectors are not beside this checkout"))
struct ParameterVectorTests {
  @Test func resolvesKeysAndDefaultsAsArgoDoes() throws {
    var total = 0
    var outOfScope = 0
    for vector in try Vectors.cases("parameters.json") where vector["op"]?.string == "resolve" {
      total += 1
      let src = vector["src"] ?? [:]
      let names = Set(src.object?.names ?? [])
      let isSupported =
        names.isSubset(of: ["dependencyName", "dataKey", "contextKey", "value"])
        && !names.isDisjoint(with: ["dataKey", "contextKey", "value"])
        && !Vectors.isOutOfScope(path: src["dataKey"]?.string ?? "")
      // A Pub/Sub event is always application/json.
      let types = (vector["events"]?.object ?? [:]).map { $0.value["context"]?["datacontenttype"]?.string }
      guard isSupported, types.allSatisfy({ $0 == "application/json" }) else {
        outOfScope += 1
        continue
      }
      let dependency = src["dependencyName"]?.string ?? ""
      let source = ParameterSource(
        dependency: dependency, dataKey: src["dataKey"]?.string.map { ValuePath($0) }, contextKey: src["contextKey"]?.string,
        value: src["value"]?.string)
      let event = vector["events"]?[dependency]
      var view = Vectors.event(event)
      let arrived = event == nil ? "another" : dependency
      let name = Comment(rawValue: vector["name"]?.string ?? "")
      switch source.resolve(&view, arrived: arrived) {
      case .text(let text): #expect(.string(text) == vector["expect_value"], name)
      case .skipped: #expect(vector["expect_value"] == .null, name)
      case .failed: #expect(vector["expect_error"] != nil, name)
      case .workloadName: Issue.record(name)
      }
    }
    print("vectors parameters.json (resolve): \(total - outOfScope) of \(total), \(outOfScope) out of scope")
    #expect(total - outOfScope > 12)
  }
}
