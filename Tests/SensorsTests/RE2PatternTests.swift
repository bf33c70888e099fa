import Sensors
import Testing

@Suite struct RE2PatternTests {
  @Test(
    arguments: [
      ("INSERT", "REINSERTED", true), ("^INSERT$", "REINSERTED", false), ("", "anything", true), ("v1.2", "v1x20", true),
      ("(?i)^labeled$", "LABELED", true), ("(?m)^b$", "a\nb\nc", true), ("labeled\\z", "labeled", true), ("^é$", "é", true),
      ("a", "", false),
      ("^$", "", true),
    ] as [(String, String, Bool)])
  func searchesUnanchored(pattern: String, text: String, expected: Bool) throws {
    #expect(try RE2Pattern(pattern).matches(text) == expected)
  }

  @Test(
    arguments: [
      ("(", "the regular expression \"(\" is not valid RE2: missing ): ("),
      ("(l)\\1", "the regular expression \"(l)\\1\" is not valid RE2: invalid escape sequence: \\1"),
      ("a(?=b)", "the regular expression \"a(?=b)\" is not valid RE2: invalid perl operator: (?="),
    ])
  func saysWhatIsWrongWithAPattern(pattern: String, message: String) {
    #expect { try RE2Pattern(pattern) } throws: { "\($0)" == message }
  }

  @Test func survivesBytesThatAreNotUTF8() throws {
    let bytes: [UInt8] = [0xFF, 0xFE, 0x00, 0x61, 0xC3]
    #expect(try RE2Pattern("a").matches(bytes))
    #expect(try !RE2Pattern("^a").matches(bytes))
    #expect(try !RE2Pattern("^.").matches(bytes))
    #expect(try !RE2Pattern("b").matches([]))
  }

  @Test func refusesAPatternThatWouldNeedTooMuchMemory() {
    #expect { try RE2Pattern("((a{100}){100}){100}") } throws: { "\($0)".contains("is not valid RE2") }
    #expect { try RE2Pattern(String(repeating: "a", count: RE2Pattern.patternBytesLimit + 1)) } throws: {
      "\($0)".contains("longer than")
    }
  }

  @Test func staysLinearOnHostileText() throws {
    let pattern = try RE2Pattern("(a*)*b|(a|aa)+$")
    #expect(pattern.matches(String(repeating: "a", count: 100_000)))
    #expect(try !RE2Pattern("(x+x+)+y").matches(String(repeating: "x", count: 100_000)))
  }

  @Test func isSearchedFromManyTasksAtOnce() async throws {
    let pattern = try RE2Pattern("^sha256:[0-9a-f]{4}$")
    let found = await withTaskGroup(of: Bool.self) { group in
      for index in 0..<200 { group.addTask { pattern.matches(index.isMultiple(of: 2) ? "sha256:12ab" : "sha256:12xy") } }
      return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(found == 100)
  }
}
