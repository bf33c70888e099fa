import FoundationEssentials
import HTTP
import TestSupport
import Testing

/// The corpus of malformed and hostile requests, replayed against the decoder without a socket. A case that ends by time on a socket
/// (`408`, or `close`) must here leave the decoder waiting for more.
struct BadInputsTests {
  private struct Case: Decodable {
    let id: String
    let b64: String
    let expect: String
    let alt: [String]
    let max_dispatch: Int
    let must_close: Bool
    let note: String
  }

  private static let path = "vectors/http/http-bad-inputs.jsonl"

  // Skipped where the shared data does not stand beside the checkout.
  @Test(.enabled(if: SharedData.isPresent)) func judgesEveryCaseAsTheFileSays() throws {
    let cases = try SharedData.text(Self.path).split(separator: "\n").map {
      try JSONDecoder().decode(Case.self, from: Data($0.utf8))
    }
    var agreed = 0
    for test in cases {
      let bytes = Array(try #require(Data(base64Encoded: test.b64)))
      let verdict = Self.judge(bytes)
      let isExpected =
        !verdict.answers.isDisjoint(with: Set([test.expect] + test.alt))
        && verdict.dispatched <= max(test.max_dispatch, verdict.isRefused ? 0 : 1)
      if isExpected { agreed += 1 }
      #expect(isExpected, "\(test.id): \(test.note): \(verdict), wanted \(test.expect) \(test.alt), at most \(test.max_dispatch)")
      #expect(!verdict.targets.contains { $0.contains("SMUGGLED") }, "\(test.id): \(test.note)")
      if !bytes.isEmpty { #expect(requests(bytewise(bytes)) == requests([bytes]), "\(test.id), one byte at a time") }
    }
    print("vectors http-bad-inputs.jsonl: \(agreed) of \(cases.count)")
  }

  private struct Verdict {
    var answers: Set<String>
    var dispatched: Int
    var isRefused: Bool
    var targets: [String]
  }

  private static func judge(_ bytes: [UInt8]) -> Verdict {
    let said = requests([bytes])
    let targets = said.compactMap { said -> String? in if case .request(_, let target, _, _) = said { target } else { nil } }
    // The first answer counts: what comes after a good request on the same connection is judged by the targets.
    if !targets.isEmpty { return Verdict(answers: ["ok"], dispatched: targets.count, isRefused: false, targets: targets) }
    if case .error(let error)? = said.last {
      return Verdict(answers: ["\(error.status.rawValue)"], dispatched: 0, isRefused: true, targets: [])
    }
    return Verdict(answers: ["408", "close"], dispatched: 0, isRefused: true, targets: [])
  }
}
