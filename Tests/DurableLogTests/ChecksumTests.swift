import CShims
import TestSupport
import Testing

struct ChecksumTests {
  /// RFC 3720 appendix B.4, and the check value of the catalogue.
  @Test(
    arguments: [
      ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
      ([UInt8](0..<32), 0x46DD_794E), ([UInt8]((0..<32).reversed()), 0x113F_DB5C), (Array("123456789".utf8), 0xE306_9283),
      ([], 0),
    ] as [([UInt8], UInt32)])
  func agreesWithThePublishedVectors(bytes: [UInt8], checksum: UInt32) {
    #expect(unsafe relaunch_crc32c(0, bytes, bytes.count) == checksum)
    #expect(unsafe relaunch_crc32c_by_table(0, bytes, bytes.count) == checksum)
  }

  @Test func instructionAndTableAgreeForEveryLengthAndContinuation() {
    var generator = SplitMix()
    let bytes = (0..<300).map { _ in UInt8.random(in: 0...255, using: &generator) }
    for count in 0...bytes.count {
      let whole = unsafe relaunch_crc32c(0, bytes, count)
      #expect(unsafe relaunch_crc32c_by_table(0, bytes, count) == whole)
      let first = Array(bytes.prefix(count / 3))
      let rest = Array(bytes[(count / 3)..<count])
      #expect(unsafe relaunch_crc32c(relaunch_crc32c(0, first, first.count), rest, rest.count) == whole)
    }
  }
}
