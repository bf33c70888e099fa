import JSON
import TestSupport
import Testing

/// What real Argo Events did with paths and destinations, as far as it tells something about them alone.
@Suite(.enabled(if: SharedData.isPresent, "the shared data does not stand beside the checkout"))
struct ArgoVectorTests {
  @Test func findsAPathExactlyWhereTheDataFilterDid() throws {
    var checked = 0
    for vector in try Self.vectors("filters") {
      // One clause, so that its path has been looked at for certain.
      guard let clauses = vector["dependency_filters"]?["data"]?.array, clauses.count == 1, let text = clauses[0]["path"]?.string,
        let values = clauses[0]["value"]?.array, !values.isEmpty, let raw = vector["event"]?["data_raw"]?.string,
        raw.hasPrefix("{")
      else { continue }
      // Modifiers, multipaths and literals are refused.
      guard let path = try? JSONPath(text) else { continue }
      let data = try JSONValue(parsing: raw)
      let isMissing = vector["upstream_message"]?.string.map { Self.says("does not exist", $0) } ?? false
      #expect((path.value(in: data) == nil) == isMissing, "\(vector["name"]?.string ?? "")")
      checked += 1
    }
    print("filters.json: \(checked) paths")
    #expect(checked > 40)
  }

  @Test func writesParametersWhereArgoDid() throws {
    var checked = 0
    for vector in try Self.vectors("parameters") where vector["op"] == "apply" {
      guard let object = vector["object_raw"]?.string, let expected = vector["expect_object_raw"]?.string,
        let parameters = vector["parameters"]?.array
      else { continue }
      var value = try JSONValue(parsing: object)
      guard try parameters.allSatisfy({ try Self.apply($0, from: vector, to: &value) }) else { continue }
      #expect(value == (try JSONValue(parsing: expected)), "\(vector["name"]?.string ?? "")")
      checked += 1
    }
    print("parameters.json: \(checked) writes")
    #expect(checked > 10)
  }

  /// Applies a parameter that copies a value by path; false for what takes more than paths: templates, defaults, conversions to
  /// text, and destinations that we refuse.
  private static func apply(_ parameter: JSONValue, from vector: JSONValue, to object: inout JSONValue) throws -> Bool {
    guard let source = parameter["src"], let key = source["dataKey"]?.string, let destination = parameter["dest"]?.string,
      source["dataTemplate"] == nil, ["", "overwrite"].contains(parameter["operation"]?.string ?? ""),
      let raw = vector["events"]?[source["dependencyName"]?.string ?? ""]?["data_raw"]?.string,
      let value = try JSONPath(key).value(in: JSONValue(parsing: raw)), source["useRawData"] == true || value.string != nil,
      // Argo writes 4.50 as 4.5; that is for whoever turns values into parameters.
      value.number.map({ $0.int64 != nil }) ?? true
    else { return false }
    guard let destination = try? JSONDestination(destination) else { return false }
    try object.set(value, at: destination)
    return true
  }

  private static func vectors(_ file: String) throws -> [JSONValue] {
    let value = try JSONValue(parsing: try SharedData.bytes("vectors/argo/\(file).json"))
    return try #require(value.array ?? value["vectors"]?.array)
  }

  private static func says(_ words: String, _ text: String) -> Bool {
    text.indices.contains { text[$0...].hasPrefix(words) }
  }
}
