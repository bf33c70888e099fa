import JSON
import Testing

struct JSONReaderTests {
  @Test func walksTheMembersItKnowsAndSkipsTheRest() throws {
    var reader = try JSONReader(Array(#"{"x":[{"n":1}],"\u006eame":"a\/b","n":-4.5e1,"t":true,"z":null,"list":[1,2]}"#.utf8))
    var name = "", number = "", isTrue = false, elements = 0
    try reader.beginObject()
    while let member = try reader.nextMember() {
      if reader.text(member, is: "name") {
        name = reader.string(try reader.readString())
      } else if reader.text(member, is: "n") {
        number = String(decoding: reader.slice(try reader.readNumber()), as: UTF8.self)
      } else if reader.text(member, is: "t") {
        isTrue = try reader.readBool()
      } else if reader.text(member, is: "list") {
        try reader.beginArray()
        while try reader.nextElement() {
          elements += 1
          try reader.skipValue()
        }
      } else {
        try reader.skipValue()
      }
    }
    try reader.finish()
    #expect((name, number, isTrue, elements) == ("a/b", "-4.5e1", true, 2))
  }

  @Test func saysWhichKindItFound() throws {
    var reader = try JSONReader(Array(" 12".utf8))
    #expect(throws: JSONError.wrongKind(.number, offset: 1, expected: .string)) { try reader.readString() }
  }

  @Test func refusesAValueThatIsNeitherReadNorSkipped() throws {
    var reader = try JSONReader(Array(#"{"a":1,"b":2}"#.utf8))
    try reader.beginObject()
    _ = try reader.nextMember()
    #expect(throws: JSONError.self) { try reader.nextMember() }
  }

  @Test func comparesNamesByTheirText() throws {
    var reader = try JSONReader(Array(#"["messageId","message\u0049d","messageID",""]"#.utf8))
    var matches: [Bool] = []
    try reader.beginArray()
    while try reader.nextElement() { matches.append(reader.text(try reader.readString(), is: "messageId")) }
    #expect(matches == [true, true, false, false])
  }
}
