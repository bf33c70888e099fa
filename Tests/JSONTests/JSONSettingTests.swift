import JSON
import Testing

struct JSONSettingTests {
  @Test(
    "writes as sjson does",
    arguments: [
      ("{}", "a.b.c", #"{"a":{"b":{"c":"x"}}}"#), ("null", "a", #"{"a":"x"}"#), ("{\"a\":1,\"b\":2}", "a", #"{"a":"x","b":2}"#),
      ("{\"a\":[1,2]}", "a.1", #"{"a":[1,"x"]}"#), ("{\"a\":[1]}", "a.3", #"{"a":[1,null,null,"x"]}"#),
      ("{\"a\":[1]}", "a.-1", #"{"a":[1,"x"]}"#), ("{}", "a.-1", #"{"a":["x"]}"#), ("{}", "a.1.b", #"{"a":[null,{"b":"x"}]}"#),
      ("{}", "a.:0", #"{"a":{"0":"x"}}"#), ("{\"a\":{}}", "a.0", #"{"a":{"0":"x"}}"#), ("{\"a\":5}", "a.b", #"{"a":{"b":"x"}}"#),
      (
        "{}", #"metadata.annotations.kubectl\.kubernetes\.io/restartedAt"#,
        #"{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":"x"}}}"#
      ),
      ("{}", #"a\:b"#, #"{"a:b":"x"}"#), ("{}", "a:b", #"{"a:b":"x"}"#), ("[]", "0", #"["x"]"#),
    ])
  func writes(document: String, path: String, expected: String) throws {
    var value = try JSONValue(parsing: document)
    try value.set("x", at: path)
    #expect(value.text() == expected)
  }

  @Test(
    "refuses destinations it does not speak and changes nothing",
    arguments: [
      ("a.*", .unsupported(feature: "a wildcard in a destination", path: "a.*")),
      ("a.#(b==1).c", .unsupported(feature: "a query in a destination", path: "a.#(b==1).c")),
      ("a|b", .unsupported(feature: "a pipe in a destination", path: "a|b")), ("", .malformed(reason: "is empty", path: "")),
      ("list.x", .notAnIndex(part: "x", path: "list.x")), ("list.:1", .notAnIndex(part: "1", path: "list.:1")),
      ("new.99999999.x", .indexTooLarge(index: 99_999_999, limit: 10_000, path: "new.99999999.x")),
    ] as [(String, JSONPathError)])
  func refuses(path: String, error: JSONPathError) throws {
    let document: JSONValue = ["list": [1]]
    var value = document
    #expect(throws: error) { try value.set("x", at: path) }
    #expect(value == document)
  }
}
