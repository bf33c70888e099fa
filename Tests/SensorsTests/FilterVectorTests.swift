import JSON
import TestSupport
import Testing

@testable import Sensors

// The vectors stand beside the checkout; without them there is nothing to compare with.
@Suite(.enabled(if: SharedData.isPresent, "the vectors are not beside this checkout"))
struct FilterVectorTests {
  @Test func agreesWithArgoOnDataAndContextFilters() throws {
    var total = 0
    var outOfScope = 0
    for (index, vector) in try Vectors.cases("filters.json").enumerated() {
      guard let filters = vector["dependency_filters"], let kinds = filters.object?.names,
        Set(kinds).isSubset(of: ["data", "dataLogicalOperator", "context"])
      else { continue }
      total += 1
      let clauses = filters["data"]?.array ?? []
      let usesOther = clauses.contains { $0["template"] != nil || Vectors.isOutOfScope(path: $0["path"]?.string ?? "") }
      // Without a payload Argo passes every data filter; a Pub/Sub event always has one.
      if usesOther || vector["event"]?.isNull != false {
        outOfScope += 1
        continue
      }
      let report = Report(file: "vector")
      let dependency: JSONValue = [
        "filters": filters, "filtersLogicalOperator": vector["filters_logical_operator"] ?? "",
      ]
      let fields = try #require(Vectors.fields(dependency, path: "dependency", report: report))
      let set = FilterLoader(report: report).filters(fields)
      var event = Vectors.event(vector["event"])
      let verdict: String
      switch set.verdict(on: &event) {
      case .pass: verdict = "pass"
      case .fail: verdict = "fail"
      case .error: verdict = "error"
      }
      #expect(verdict == vector["expect"]?.string, "#\(index) \(vector["name"]?.string ?? ""): \(filters.text())")
    }
    print("vectors filters.json (data): \(total - outOfScope) of \(total), \(outOfScope) out of scope")
    #expect(total - outOfScope > 70)
  }

  @Test func saysWhatArgoSaysOfAFilterThatCannotBeDecided() throws {
    var compared = 0
    for vector in try Vectors.cases("filters.json") {
      guard let message = vector["upstream_message"]?.string, let clause = vector["dependency_filters"]?["data"]?.array,
        clause.count == 1,
        message.hasPrefix("data filter error (path '"), vector["filters_logical_operator"]?.string != "or"
      else { continue }
      let report = Report(file: "vector")
      let fields = try #require(Vectors.fields(["filters": vector["dependency_filters"] ?? [:]], path: "", report: report))
      var event = Vectors.event(vector["event"])
      guard case .error(let rejection) = FilterLoader(report: report).filters(fields).verdict(on: &event) else {
        Issue.record("no error for \(vector)")
        continue
      }
      #expect("data filter error (\(rejection.problem ?? ""))" == message)
      compared += 1
    }
    #expect(compared > 3)
  }
}
