import JSON
import TestSupport
import Testing

struct JSONParsingTests {
  @Test(
    "reads every kind of value",
    arguments: [
      ("null", .null), (" true ", true), ("false", false), ("0", 0), ("-12", -12), ("\"\"", ""), ("[]", []), ("{}", [:]),
      ("[1,[2,{\"a\":[]}]]", [1, [2, ["a": []]]]), ("{\"b\":1,\"a\":{\"c\":null}}", ["b": 1, "a": ["c": nil]]),
      (#""\"\\\/\b\f\n\r\té\u00e9\ud83d\ude80\u0000""#, .string("\"\\/\u{8}\u{C}\n\r\t\u{E9}\u{E9}\u{1F680}\0")),
      ("\t[ 1 ,\r\n 2 ] \n", [1, 2]),
    ] as [(String, JSONValue)])
  func readsValues(text: String, value: JSONValue) throws {
    #expect(try JSONValue(parsing: text) == value)
  }

  @Test(
    "refuses what RFC 8259 does not allow, and says where",
    arguments: [
      ("", .unexpectedEnd(offset: 0)), ("  ", .unexpectedEnd(offset: 2)),
      ("[1,]", .unexpectedByte(0x5D, offset: 3, expected: "a value")),
      ("[1 2]", .unexpectedByte(0x32, offset: 3, expected: "\",\" or \"]\"")), ("[", .unexpectedEnd(offset: 1)),
      ("{\"a\":1,}", .unexpectedByte(0x7D, offset: 7, expected: "a member name")),
      ("{,}", .unexpectedByte(0x2C, offset: 1, expected: "a member name")),
      ("{\"a\" 1}", .unexpectedByte(0x31, offset: 5, expected: "\":\"")),
      ("{a:1}", .unexpectedByte(0x61, offset: 1, expected: "a member name")), ("{\"a\":1", .unexpectedEnd(offset: 6)),
      ("[,1]", .unexpectedByte(0x2C, offset: 1, expected: "a value")),
      ("]", .unexpectedByte(0x5D, offset: 0, expected: "a value")),
      ("01", .invalidNumber(offset: 0)), ("-", .invalidNumber(offset: 0)), ("1.", .invalidNumber(offset: 0)),
      ("1e", .invalidNumber(offset: 0)), ("1e+", .invalidNumber(offset: 0)), ("-01", .invalidNumber(offset: 0)),
      ("0x10", .invalidNumber(offset: 0)), ("1.2.3", .invalidNumber(offset: 0)), ("[1a]", .invalidNumber(offset: 1)),
      (".5", .unexpectedByte(0x2E, offset: 0, expected: "a value")),
      ("+1", .unexpectedByte(0x2B, offset: 0, expected: "a value")),
      ("NaN", .unexpectedByte(0x4E, offset: 0, expected: "a value")), ("nul", .unexpectedEnd(offset: 3)),
      ("tru]", .unexpectedByte(0x5D, offset: 3, expected: "\"true\"")), ("1 1", .trailingBytes(offset: 2)),
      ("{}x", .trailingBytes(offset: 2)),
      ("\"a", .unexpectedEnd(offset: 2)), ("\"a\n\"", .controlCharacter(0x0A, offset: 2)), ("\"\\x\"", .invalidEscape(offset: 1)),
      ("\"\\u12G4\"", .invalidEscape(offset: 1)), ("\"\\u12", .unexpectedEnd(offset: 5)), ("\"\\", .unexpectedEnd(offset: 2)),
      ("\"\\ud800\"", .loneSurrogate(offset: 1)), ("\"\\udc00\"", .loneSurrogate(offset: 1)),
      ("\"\\ud800\\ud800\"", .loneSurrogate(offset: 1)), ("\"\\ud800x\"", .loneSurrogate(offset: 1)),
      ("\u{FEFF}{}", .byteOrderMark), ("// c\n1", .unexpectedByte(0x2F, offset: 0, expected: "a value")),
      ("{\"a\":1,\"a\":2}", .duplicateName("a", offset: 7)), ("{\"a\":1,\"\\u0061\":2}", .duplicateName("a", offset: 7)),
      ("[{\"b\":{\"x\":1,\"x\":1}}]", .duplicateName("x", offset: 13)),
    ] as [(String, JSONError)])
  func refuses(text: String, error: JSONError) {
    #expect(throws: error) { try JSONValue(parsing: text) }
    // Duplicate names are the one thing that a skip does not see.
    if case .duplicateName = error { return }
    #expect(throws: error) { try skip(Array(text.utf8)) }
  }

  @Test(
    "refuses bytes that are not UTF-8",
    arguments: [
      [0x22, 0xFF, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xF5, 0x80, 0x80, 0x80, 0x22],
      [0x22, 0xE2, 0x82, 0x22],
    ] as [[UInt8]])
  func refusesInvalidUTF8(bytes: [UInt8]) {
    #expect(throws: JSONError.invalidUTF8(offset: 1)) { try JSONValue(parsing: bytes) }
  }

  @Test(arguments: [0x00, 0x0A, 0x1F] as [UInt8])
  func refusesAControlCharacterWhereverItStandsInALongString(control: UInt8) {
    for offset in 1..<40 {
      var bytes = [0x22] + [UInt8](repeating: UInt8(ascii: "x"), count: 40) + [0x22]
      bytes[offset] = control
      #expect(throws: JSONError.controlCharacter(control, offset: offset)) { try JSONValue(parsing: bytes) }
    }
  }

  @Test func refusesTwoLowSurrogates() {
    #expect(throws: JSONError.loneSurrogate(offset: 1)) { try JSONValue(parsing: #""\udc00\udc00""#) }
  }

  @Test func boundsDepthInObjectsAndArrays() throws {
    let limits = JSONLimits(depth: 3)
    #expect(try JSONValue(parsing: "[[{}]]", limits: limits) == [[[:]]])
    #expect(throws: JSONError.tooDeep(limit: 3, offset: 7)) { try JSONValue(parsing: "[[{\"a\":[]}]]", limits: limits) }
    #expect(throws: JSONError.tooDeep(limit: 128, offset: 128)) {
      try JSONValue(parsing: [UInt8](repeating: UInt8(ascii: "["), count: 100_000))
    }
  }

  @Test func survivesTheDeepestTextThatALimitCanAllow() throws {
    let limits = JSONLimits(depth: .max)
    let text = String(repeating: "[", count: limits.depth) + String(repeating: "]", count: limits.depth)
    #expect(try JSONValue(parsing: text, limits: limits).text() == text)
  }

  @Test func boundsTheSize() {
    #expect(throws: JSONError.tooLarge(count: 5, limit: 4)) { try JSONValue(parsing: "12345", limits: JSONLimits(bytes: 4)) }
  }

  @Test func keepsNumbersAsWritten() throws {
    let value = try JSONValue(parsing: "[1.50,1e400,-0,12345678901234567890,9007199254740993,1E+2]")
    let numbers = try #require(value.array).compactMap { $0.number }
    #expect(numbers.map(\.text) == ["1.50", "1e400", "-0", "12345678901234567890", "9007199254740993", "1E+2"])
    #expect(numbers.map(\.int64) == [nil, nil, 0, nil, 9_007_199_254_740_993, nil])
    #expect(numbers.map(\.double) == [1.5, .infinity, -0.0, 12_345_678_901_234_567_168, 9_007_199_254_740_992, 100])
  }

  @Test func readsSlicesAndSpansAlike() throws {
    let bytes = Array("xx[1,\"é\"]yy".utf8)
    let slice = bytes[2..<(bytes.count - 2)]
    #expect(try JSONValue(parsing: slice) == [1, "é"])
    #expect(try JSONValue(parsing: slice.span) == [1, "é"])
    // Offsets count from the start of the slice, not of the array.
    #expect(throws: JSONError.trailingBytes(offset: 8)) { try JSONValue(parsing: bytes[2..<(bytes.count - 1)]) }
  }

  @Test func findsMembersOfLargeObjectsAndTheirDuplicates() throws {
    let members = (0..<100).map { "\"name\($0)\":\($0)" }.joined(separator: ",")
    let object = try #require(try JSONValue(parsing: "{\(members)}").object)
    for number in 0..<100 { #expect(object["name\(number)"]?.int == number) }
    #expect(object["name100"] == nil)
    #expect(throws: JSONError.self) { try JSONValue(parsing: "{\(members),\"name5\":1}") }
  }

  @Test func tellsNamesApartThatOnlyUnicodeCallsEqual() throws {
    let filler = (0..<20).map { "\"n\($0)\":0," }.joined()
    for prefix in ["", filler] {
      let value = try JSONValue(parsing: "{\(prefix)\"\u{E9}\":1,\"e\u{301}\":2}")
      #expect([value["\u{E9}"]?.int, value["e\u{301}"]?.int] == [1, 2])
    }
  }

  @Test func neverTrapsOnMutatedText() throws {
    let seed = UInt64.random(in: .min ... .max)
    print("seed \(seed)")
    var random = SplitMix(seed: seed)
    let text = Array(#"{"a":[1,-2.5e3,true,false,null,"x\n\ud83d\ude00é"],"b":{"c":{}},"d":""}"#.utf8)
    for _ in 0..<20_000 {
      var bytes = text
      for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch UInt8.random(in: 0..<3, using: &random) {
        case 0: bytes[index] = .random(in: 0...255, using: &random)
        case 1: bytes.remove(at: index)
        default: bytes = Array(bytes[..<max(index, 1)])
        }
      }
      // What parses also skips, and reads back from its own serialization.
      guard let value = try? JSONValue(parsing: bytes) else { continue }
      try skip(bytes)
      #expect(try JSONValue(parsing: value.serialized()) == value)
      #expect(try JSONValue(parsing: value.serialized(pretty: true)) == value)
    }
  }

  private func skip(_ bytes: [UInt8]) throws {
    var reader = try JSONReader(bytes)
    try reader.skipValue()
    try reader.finish()
  }
}
