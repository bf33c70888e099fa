import JSON
import Sensors
import Testing

@Suite struct FiringTests {
  private let firing = Firing(
    sensor: "s", trigger: "t", action: .restart(kind: "StatefulSet", namespace: "apps", name: "db"),
    parameters: [.init(name: "b", value: "1"), .init(name: "a", value: "é\n\"")])

  @Test func survivesTheJournal() throws {
    let text = firing.json.serialized()
    #expect(try Firing(json: try JSONValue(parsing: text)) == firing)
  }

  @Test func isWrittenInOneWay() {
    #expect(
      firing.json.text()
        == #"{"sensor":"s","trigger":"t","action":{"restart":{"kind":"StatefulSet","namespace":"apps","name":"db"}},"#
        + #""parameters":[{"name":"b","value":"1"},{"name":"a","value":"é\n\""}]}"#)
  }

  @Test func takesItsRateAlong() throws {
    let limit = try #require(RateLimit(3, per: .minute))
    let limited = Firing(
      sensor: "s", trigger: "t", action: firing.action, parameters: firing.parameters, rateLimit: limit)
    #expect(limited.json["rateLimit"]?.text() == #"{"unit":"Minute","requestsPerUnit":3}"#)
    #expect(try Firing(json: try JSONValue(parsing: limited.json.serialized())) == limited)
  }

  /// The work is not lost for a rate that a later version writes.
  @Test(arguments: [
    #"{"unit":"Day","requestsPerUnit":3}"#, #"{"unit":"Hour","requestsPerUnit":0}"#, #"{"unit":"Hour"}"#, "7", "null",
  ])
  func isReadWithoutARateThatItDoesNotKnow(_ rate: String) throws {
    var object = firing.json.object ?? [:]
    object["rateLimit"] = try JSONValue(parsing: Array(rate.utf8))
    #expect(try Firing(json: .object(object)) == firing)
  }

  @Test(arguments: ["sensor", "trigger", "action", "parameters"])
  func saysWhatIsMissing(member: String) {
    var object = firing.json.object ?? [:]
    object[member] = nil
    #expect { try Firing(json: .object(object)) } throws: { "\($0)".contains("\"\(member)\"") }
  }

  @Test func refusesAnActionOfALaterVersion() {
    var object = firing.json.object ?? [:]
    object["action"] = ["scale": [:]]
    #expect { try Firing(json: .object(object)) } throws: { "\($0)".contains("is not one this version knows") }
  }

  @Test(arguments: [
    (
      Verdict.Outcome.failed("why"),
      #"{"sensor":"s","trigger":"t","rules":"g","verdict":"failed","reason":{"message":"why"}}"#
    ),
    (
      .rejected(Rejection(clause: "data", path: "body.tag", actual: "v1", wanted: "= \"v2\"")),
      #"{"sensor":"s","trigger":"t","rules":"g","verdict":"rejected","reason":{"clause":"data","#
        + #""message":"data filter on body.tag: wanted = \"v2\", got \"v1\"","#
        + #""path":"body.tag","actual":"v1","wanted":"= \"v2\""}}"#
    ),
  ])
  func showsVerdictsWithTheirReason(outcome: Verdict.Outcome, expected: String) {
    #expect(Verdict(sensor: "s", trigger: "t", outcome: outcome, generation: "g").json.text() == expected)
  }
}
