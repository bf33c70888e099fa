import JSON
import Testing

struct JSONMembersTests {
  private static let text =
    #"{"a":"\u00e9\n","n":12,"half":0.5,"t":true,"z":null,"o":{"b":{"c":"deep"}},"l":[{"x":"1"},2,{"x":"3"}],"a":"b"}"#

  @Test func readsWhatIsAskedFor() throws {
    let members = try JSONMembers(parsing: Array(Self.text.utf8))
    #expect(members.string("a") == "é\n", "of a name that is there twice the first counts")
    #expect(members.utf8("a").map(Array.init) == Array("é\n".utf8))
    #expect((members.int("n"), members.int("half"), members.bool("t")) == (12, nil, true))
    #expect(members.object("o")?.object("b")?.string("c") == "deep")
    #expect(members.objects("l").map { $0.string("x") } == ["1", "3"], "2 is no object")
    #expect(members.value("l") == [["x": "1"], 2, ["x": "3"]])
    #expect(members.value("z") == JSONValue.null)
  }

  @Test func whatIsMissingOrOfAnotherKindIsNil() throws {
    let members = try JSONMembers(parsing: Array(Self.text.utf8))
    #expect(members.string("n") == nil && members.string("z") == nil && members.string("absent") == nil)
    #expect(members.bool("a") == nil && members.int("a") == nil && members.object("l") == nil)
    #expect(members.objects("o").isEmpty && members.value("absent") == nil)
  }

  /// What nobody asks for is checked as strictly as the rest.
  @Test(arguments: [#"{"a":1"#, #"{"a":[1,}"#, #"{"a":"\x"}"#, #"{"a":1}x"#, "[1]", "", #"{"a":{"b":01}}"#])
  func refusesWhatIsNoObject(_ text: String) {
    #expect(throws: JSONError.self) { try JSONMembers(parsing: Array(text.utf8)) }
  }
}
