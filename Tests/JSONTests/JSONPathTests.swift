import JSON
import TestSupport
import Testing

struct JSONPathTests {
  private static let document = #"""
    {"name":{"first":"Tom","last":"Anderson"},"age":37,"children":["Sara","Alex","Jack"],"fav.movie":"Deer Hunter",
     "#":"hash","@type":"t","!":"mark","":"empty","friends":[
      {"first":"Dale","last":"Murphy","age":44,"nets":["ig","fb","tw"],"on":true},
      {"first":"Roger","last":"Craig","age":68,"nets":["fb","tw"],"on":false},
      {"first":"Jane","last":"Murphy","age":47,"nets":["ig","tw"],"none":null}],
     "tags":["v1","v2*","é"],"w":{"ab":1,"ac":{"deep":2},"abc":{"deep":3}}}
    """#

  @Test(
    "finds what gjson finds",
    arguments: [
      ("name.last", #""Anderson""#), ("age", "37"), ("children.#", "3"), ("children.1", #""Alex""#), ("children.01", #""Alex""#),
      ("child*.2", #""Jack""#), ("c?ildren.0", #""Sara""#), (#"fav\.movie"#, #""Deer Hunter""#), ("#", #""hash""#),
      ("@type", #""t""#), ("!", #""mark""#), ("", #""empty""#), ("friends.#.first", #"["Dale","Roger","Jane"]"#),
      ("friends.#.none", "[null]"), ("friends.#.nope", "[]"), ("friends.1.last", #""Craig""#),
      (#"friends.#(last=="Murphy").first"#, #""Dale""#), (#"friends.#(last=="Murphy")#.first"#, #"["Dale","Jane"]"#),
      (#"friends.#[last="Murphy"]#.first"#, #"["Dale","Jane"]"#), (#"friends.#( last == "Murphy" )#.age"#, "[44,47]"),
      (#"friends.#(last=="Nobody")#"#, "[]"), (#"friends.#(last=="Nobody")#.x"#, "[]"),
      ("friends.#(age>45)#.last", #"["Craig","Murphy"]"#),
      ("friends.#(age<=47)#.age", "[44,47]"), ("friends.#(age>=68).first", #""Roger""#), ("friends.#(age!=44)#.age", "[68,47]"),
      (#"friends.#(first%"D*").last"#, #""Murphy""#), (#"friends.#(first!%"D*").last"#, #""Craig""#),
      (#"friends.#(nets.#(=="fb"))#.first"#, #"["Dale","Roger"]"#), ("friends.#(on==true).first", #""Dale""#),
      ("friends.#(on==false).first", #""Roger""#), ("friends.#(on)#.first", #"["Dale","Roger"]"#), ("friends.#(none!=1)#", "[]"),
      ("friends.#(none).first", #""Jane""#), (#"children.#(!="Alex")#"#, #"["Sara","Jack"]"#),
      (#"children.#(%"*a*")#"#, #"["Sara","Jack"]"#),
      (#"children.#(>"B")#"#, #"["Sara","Jack"]"#), (#"tags.#(%"v2\*")"#, #""v2*""#), (#"tags.#(%"?")"#, #""é""#),
      ("friends|0|first", #""Dale""#), ("friends.#.first|1", #""Roger""#), ("friends.#.first|#", "3"),
      (#"friends.#(last=="Murphy")#|1.first"#, #""Jane""#), ("friends.#(last==\"Murphy\")#.nets.0", #"["ig","ig"]"#),
      ("friends.#.nets.#", "[3,2,2]"), ("friends.#.nets|#", "3"), ("w.a*.deep", "2"), ("w.abc*.deep", "3"), ("w.a?", "1"),
    ])
  func finds(path: String, expected: String) throws {
    let value = try JSONValue(parsing: Self.document)
    #expect(try JSONPath(path).value(in: value)?.text() == expected)
  }

  @Test(
    "finds nothing where nothing is",
    arguments: [
      "nope", "name.nope", "age.x", "children.3", "children.-1", "children.x", "children.99999999999999999999", "name.0", "age.#",
      #"friends.#(last=="Nobody")"#, #"friends.#(last=="Nobody").first"#, "friends.#.first|9", "children.ch*", "w.x*",
      "name|nope|x",
      #"friends.#(last=="Murphy").none.x"#,
    ])
  func findsNothing(path: String) throws {
    #expect(try JSONPath(path).value(in: JSONValue(parsing: Self.document)) == nil)
  }

  @Test(
    "refuses what it does not speak, and names it",
    arguments: [
      ("@reverse", .unsupported(feature: "the modifier @reverse", path: "@reverse")),
      ("a|@keys", .unsupported(feature: "the modifier @keys", path: "a|@keys")),
      ("a.@join:{}", .unsupported(feature: "the modifier @join", path: "a.@join:{}")),
      ("[a,b]", .unsupported(feature: "a multipath ([…] or {…})", path: "[a,b]")),
      ("a.{b,c}", .unsupported(feature: "a multipath ([…] or {…})", path: "a.{b,c}")),
      ("!\"x\"", .unsupported(feature: "a literal (!…)", path: "!\"x\"")),
      ("..#", .unsupported(feature: "the JSON lines prefix \"..\"", path: "..#")),
      ("a.#(b==~true)", .unsupported(feature: "the query value \"~true\"", path: "a.#(b==~true)")),
      ("a.#(b==1", .malformed(reason: "has a query without an end", path: "a.#(b==1")),
      ("a\\", .malformed(reason: "ends in a backslash", path: "a\\")),
      ("a.#(b!1)", .malformed(reason: "has a query with the unknown operator \"!1\"", path: "a.#(b!1)")),
      ("a.#(b)x", .malformed(reason: "goes on after a query without a dot or a pipe", path: "a.#(b)x")),
    ] as [(String, JSONPathError)])
  func refuses(path: String, error: JSONPathError) {
    #expect(throws: error) { try JSONPath(path) }
  }

  @Test func boundsTheNestingOfQueries() {
    let deep = String(repeating: "#(", count: 5000) + String(repeating: ")", count: 5000)
    #expect(throws: JSONPathError.self) { try JSONPath(deep) }
  }

  @Test func matchesWildcardsInBoundedTime() throws {
    let value: JSONValue = .object([String(repeating: "a", count: 10_000): 1])
    #expect(try JSONPath(String(repeating: "a*", count: 30) + "b").value(in: value) == nil)
  }

  @Test func neverTrapsOnAnyText() throws {
    let seed = UInt64.random(in: .min ... .max)
    print("seed \(seed)")
    var random = SplitMix(seed: seed)
    let alphabet = Array(#".|#()[]{}\*?"=!<>%@~:-01afé "#)
    let document = try JSONValue(parsing: Self.document)
    for _ in 0..<20_000 {
      let text = String((0..<Int.random(in: 0...12, using: &random)).compactMap { _ in alphabet.randomElement(using: &random) })
      _ = (try? JSONPath(text))?.value(in: document)
      var copy = document
      try? copy.set(1, at: text)
    }
  }
}
