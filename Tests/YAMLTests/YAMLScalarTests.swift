import JSON
import Testing
import YAML

struct YAMLScalarTests {
  @Test(
    "reads plain scalars as Kubernetes does",
    arguments: [
      ("yes", "true"), ("y", "true"), ("On", "true"), ("TRUE", "true"), ("no", "false"), ("N", "false"), ("off", "false"),
      ("tRue", "\"tRue\""), ("~", "null"), ("null", "null"), ("Null", "null"), ("nULL", "\"nULL\""), ("0", "0"), ("12", "12"),
      ("+12", "12"),
      ("-12", "-12"), ("017", "15"), ("0o17", "15"), ("0x1F", "31"), ("-0x1f", "-31"), ("0b101", "5"), ("1_000", "1000"),
      ("08", "8"),
      ("1.50", "1.5"), (".5", "0.5"), ("1.", "1"), ("-.5e1", "-5"), ("1e3", "1000"), ("1e400", "\"1e400\""),
      ("1.2.3", "\"1.2.3\""),
      ("0x", "\"0x\""), ("--1", "\"--1\""), ("1a", "\"1a\""), ("18446744073709551615", "18446744073709551615"),
      ("12:30:45", "\"12:30:45\""), ("2026-11-23", "\"2026-11-23\""), ("2026-11-23T14:00:00Z", "\"2026-11-23T14:00:00Z\""),
      ("\"yes\"", "\"yes\""), ("'12'", "\"12\""), ("!!str 12", "\"12\""), ("! 12", "\"12\""), ("!!int \"12\"", "12"),
      ("nothing", "\"nothing\""),
      ("nan", "\"nan\""), ("inf", "\"inf\""), ("$.action", "\"$.action\""),
    ])
  func readsScalars(text: String, json: String) throws {
    let document = try #require(try YAMLStream.parse("k: \(text)").first)
    #expect(document.json.text() == "{\"k\":\(json)}")
  }

  @Test func makesKeysStrings() throws {
    let document = try #require(try YAMLStream.parse("on: 1\n12: 2\n0x10: 3\n1.50: 4\n\"null\": 5\n").first)
    #expect(document.members?.map(\.name) == ["true", "12", "16", "1.5", "null"])
  }

  @Test(
    "refuses scalars that no JSON value stands for",
    arguments: [
      ("k: .nan", .unusableNumber(".nan", at: YAMLPosition(line: 1, column: 4))),
      ("k: -.inf", .unusableNumber("-.inf", at: YAMLPosition(line: 1, column: 4))),
      ("k: !!binary aGk=", .unusableTag("!!binary", at: YAMLPosition(line: 1, column: 4))),
      ("k: !mine x", .unusableTag("!mine", at: YAMLPosition(line: 1, column: 4))),
      ("k: !!int x", .unusableTag("!!int", at: YAMLPosition(line: 1, column: 4))),
      ("k: !!set {a: }", .unusableTag("!!set", at: YAMLPosition(line: 1, column: 4))),
      ("~: x", .unusableKey(at: YAMLPosition(line: 1, column: 1))),
      ("[a]: x", .unusableKey(at: YAMLPosition(line: 1, column: 1))),
    ] as [(String, YAMLError)])
  func refuses(text: String, error: YAMLError) {
    #expect(throws: error) { try YAMLStream.parse(text) }
  }
}
