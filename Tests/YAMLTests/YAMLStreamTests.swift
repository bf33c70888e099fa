import JSON
import TestSupport
import Testing
import YAML

struct YAMLStreamTests {
  @Test func readsAllDocumentsAndSkipsEmptyOnes() throws {
    let documents = try YAMLStream.parse("# c\n---\na: 1\n---\n# nothing\n---\n- x\n...\n---\nplain\n")
    #expect(documents.map(\.json) == [["a": 1], ["x"], "plain"])
    #expect(try YAMLStream.parse("") == [])
    #expect(try YAMLStream.parse("# only a comment") == [])
  }

  @Test func knowsWhereEveryNodeAndKeyStands() throws {
    let document = try #require(try YAMLStream.parse("# c\na:\n  é: [x, {b: \"1\"}]\n  c: |\n    text\n").first)
    #expect(document.position == YAMLPosition(line: 2, column: 1))
    #expect(document.member("a")?.position == YAMLPosition(line: 2, column: 1))
    #expect(document["a"]?.member("é")?.position == YAMLPosition(line: 3, column: 3))
    #expect(document["a"]?["é"]?.position == YAMLPosition(line: 3, column: 6))
    #expect(document["a"]?["é"]?[1]?["b"]?.position == YAMLPosition(line: 3, column: 14))
    #expect(document["a"]?["c"]?.position == YAMLPosition(line: 4, column: 6))
    #expect(document["a"]?["c"]?.string == "text\n")
  }

  @Test func tellsTheKindsOfScalarsApart() throws {
    let document = try #require(try YAMLStream.parse("s: '1'\ni: 1\nb: yes\nz: ~\nf: 1.50").first)
    #expect([document["s"]?.string, document["i"]?.string, document["f"]?.scalarText] == ["1", nil, "1.50"])
    #expect([document["i"]?.int, document["f"]?.int, document["s"]?.int] == [1, nil, nil])
    #expect([document["b"]?.bool, document["z"]?.bool] == [true, nil])
    #expect(document["z"]?.isNull == true)
    #expect(document["x"] == nil)
  }

  @Test func refusesAKeyThatItsMappingAlreadyHas() {
    #expect(
      throws: YAMLError.duplicateKey("b", at: YAMLPosition(line: 4, column: 3), first: YAMLPosition(line: 2, column: 3))
    ) { try YAMLStream.parse("a:\n  b: 1\n  c: 2\n  \"b\": 3\n") }
    // Both are the key "true" once they are strings.
    #expect(throws: YAMLError.self) { try YAMLStream.parse("on: 1\nyes: 2\n") }
  }

  @Test func followsAliasesAndMerges() throws {
    let text = """
      base: &base {cpu: 1, memory: 2}
      more: &more {cpu: 9, disk: 3}
      own: {<<: *base, cpu: 5}
      both: {<<: [*base, *more], x: 0}
      quoted: {"<<": 1}
      list: [*base]
      """
    let json = try #require(try YAMLStream.parse(text).first).json
    #expect(json["own"] == ["memory": 2, "cpu": 5])
    #expect(json["both"] == ["x": 0, "cpu": 1, "memory": 2, "disk": 3])
    #expect(json["quoted"] == ["<<": 1])
    #expect(json["list"] == [["cpu": 1, "memory": 2]])
  }

  @Test(
    "refuses aliases and merges that lead nowhere",
    arguments: [
      ("a: *b", .unknownAlias("b", at: YAMLPosition(line: 1, column: 4))),
      ("a: &b [*b]", .unknownAlias("b", at: YAMLPosition(line: 1, column: 8))),
      ("a: &b 1\n---\nc: *b", .unknownAlias("b", at: YAMLPosition(line: 3, column: 4))),
      ("<<: 1", .unusableMerge(at: YAMLPosition(line: 1, column: 5))),
      ("<<: [1]", .unusableMerge(at: YAMLPosition(line: 1, column: 6))),
    ] as [(String, YAMLError)])
  func refusesAliases(text: String, error: YAMLError) {
    #expect(throws: error) { try YAMLStream.parse(text) }
  }

  @Test func boundsWhatAliasesStandFor() {
    var text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
    for level in 1...12 {
      text += "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ",") + "]\n"
    }
    #expect(throws: YAMLError.tooManyAliasedNodes(limit: 10_000, at: YAMLPosition(line: 4, column: 38))) {
      try YAMLStream.parse(text)
    }
    let deep = "a: &a [[[x]]]\nb: &b [[[*a]]]\n"
    #expect(throws: YAMLError.tooDeep(limit: 6, at: YAMLPosition(line: 2, column: 10))) {
      try YAMLStream.parse(deep, limits: YAMLLimits(depth: 6))
    }
  }

  @Test func boundsDepthAndSize() {
    let deep = String(repeating: "[", count: 65) + String(repeating: "]", count: 65)
    #expect(throws: YAMLError.tooDeep(limit: 64, at: YAMLPosition(line: 1, column: 65))) { try YAMLStream.parse(deep) }
    #expect(throws: YAMLError.tooLarge(count: 4, limit: 3)) { try YAMLStream.parse("a: 1", limits: YAMLLimits(bytes: 3)) }
    #expect(throws: YAMLError.self) { try YAMLStream.parse(String(repeating: "[", count: 100_000)) }
  }

  @Test func saysWhereTheSyntaxBreaks() {
    #expect(throws: YAMLError.self) { try YAMLStream.parse("a: [1\nb: 2") }
    do throws(YAMLError) {
      _ = try YAMLStream.parse("ok: 1\nbad:\n\t- x\n")
      Issue.record("accepted a tab as indentation")
    } catch {
      #expect(error.description == "3:1: not YAML: found character that cannot start any token while scanning for the next token")
    }
    do throws(YAMLError) {
      _ = try YAMLStream.parse(Array("ok: 1\nx: ".utf8) + [0xFF])
      Issue.record("accepted bytes that are not UTF-8")
    } catch {
      #expect(error.description == "2:4: not YAML: invalid leading UTF-8 octet")
    }
  }

  @Test func keepsTheDocumentsAroundABrokenOne() {
    let text = "a: 1\n---\nb: [\n---\nc: 3\n---\nd: {\n--- \ne: 5\n---\nf: 1\nf: 2\n"
    let (documents, errors) = YAMLStream.parseEach(Array(text.utf8))
    #expect(documents.map(\.json) == [["a": 1], ["c": 3], ["e": 5]])
    #expect(documents.map(\.position.line) == [1, 5, 9])
    #expect(errors.map(\.position.line) == [4, 8, 12])
  }

  @Test func readsCarriageReturnsAndAByteOrderMark() throws {
    #expect(try YAMLStream.parse("\u{FEFF}a: 1\r\nb: 2\r\n").map(\.json) == [["a": 1, "b": 2]])
  }

  @Test func neverTrapsOnMutatedText() {
    let seed = UInt64.random(in: .min ... .max)
    print("seed \(seed)")
    var random = SplitMix(seed: seed)
    let text = Array("a: &x [1, {b: \"c\\n\", <<: *y}]\n? q\n: - !!str 1\n  - |\n    t\n---\n'z': *x # c\n%TAG\n...\n".utf8)
    for _ in 0..<20_000 {
      var bytes = text
      for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch UInt8.random(in: 0..<4, using: &random) {
        case 0: bytes[index] = .random(in: 0...255, using: &random)
        case 1: bytes.remove(at: index)
        case 2: bytes.insert(text.randomElement(using: &random) ?? 0, at: index)
        default: bytes = Array(bytes[..<index])
        }
      }
      let (documents, errors) = YAMLStream.parseEach(bytes)
      _ = documents.map { $0.json.text() } + errors.map(\.description)
    }
  }
}
