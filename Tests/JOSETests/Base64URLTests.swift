import JOSE
import TestSupport
import Testing

@Suite struct Base64URLTests {
  /// RFC 4648 section 10 and RFC 7515 appendix C.
  @Test(arguments: [
    ("", ""), ("Zg", "f"), ("Zm8", "fo"), ("Zm9v", "foo"), ("Zm9vYg", "foob"), ("Zm9vYmE", "fooba"), ("Zm9vYmFy", "foobar"),
  ]) func matchesTheStandardsExamples(text: String, plain: String) {
    #expect(Base64URL.decode(text) == Array(plain.utf8))
    #expect(Base64URL.encode(Array(plain.utf8)) == text)
  }

  @Test func matchesAppendixCOfRFC7515() {
    #expect(Base64URL.decode("A-z_4ME") == [3, 236, 255, 224, 193])
    #expect(Base64URL.encode([3, 236, 255, 224, 193]) == "A-z_4ME")
  }

  @Test(arguments: ["Zg==", "Zm8=", "A", "Zm9vA", "+/8", "Z g", "Zg\n", " Zg", "Zh", "Zm9", "Z\u{430}", "Zm9v.", "Zg%3D"])
  func refusesAnotherTextForTheSameBytes(text: String) {
    #expect(Base64URL.decode(text) == nil)
  }

  @Test func readsBackWhatItWrites() {
    var random = SplitMix()
    print("seed \(random.seed)")
    for count in 0..<200 {
      let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
      #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
    }
  }
}
