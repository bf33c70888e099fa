import JSON
import Testing

struct JSONWritingTests {
  @Test func writesMembersInOrderAndNumbersAsWritten() throws {
    let text = #"{"z":1.50,"a":[true,null,{}],"m":{"é":"🚀"},"e":[]}"#
    #expect(try JSONValue(parsing: text).text() == text)
  }

  @Test func escapesQuotationMarksBackslashesAndControlCharacters() {
    #expect(JSONValue.string("\"\\/\n\r\t\u{1}\u{1F}\u{7F}é").text() == "\"\\\"\\\\/\\n\\r\\t\\u0001\\u001f\u{7F}é\"")
  }

  @Test func indentsByTwo() {
    let value: JSONValue = ["a": [1, []], "b": [:]]
    #expect(value.text(pretty: true) == "{\n  \"a\": [\n    1,\n    []\n  ],\n  \"b\": {}\n}")
  }

  @Test func writesNoNumberThatJSONLacks() {
    #expect(JSONNumber(Double.infinity) == nil)
    #expect(JSONNumber(text: "0x1") == nil)
    #expect(JSONNumber(text: " 1") == nil)
    #expect(JSONNumber(text: "1e3")?.double == 1000)
    #expect(JSONValue.array([1.5, 1e300, -7]).text() == "[1.5,1e+300,-7]")
  }

  @Test func editsKeepTheOrderOfMembers() {
    var object: JSONObject = ["a": 1, "b": 2, "c": 3]
    object["b"] = "new"
    object["a"] = nil
    object["d"] = nil
    object["e"] = true
    #expect(JSONValue.object(object).text() == #"{"b":"new","c":3,"e":true}"#)
    #expect(object == ["e": true, "c": 3, "b": "new"])
  }

  @Test func quotesForeignTextForErrorMessages() {
    #expect("a\"\n\u{202E}b".quoted(limit: 80) == #""a\"\u{a}\u{202e}b""#)
    #expect("äää".quoted(limit: 5) == "\"ää\"…")
  }
}
