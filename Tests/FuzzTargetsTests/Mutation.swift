import TestSupport

/// A change of bytes like those that libFuzzer makes, without its knowledge of what they reach.
enum Mutation: CaseIterable {
  case flip, replace, insert, remove, double, move, cut, splice

  /// Bytes that mean something to somebody.
  private static let telling: [UInt8] = Array("\0\r\n\t :;,.\"\\{}[]/@#*0-9aZ=%&|<>?!~".utf8) + [0x7F, 0x80, 0xC2, 0xE2, 0xFF]

  static func mutated(_ input: [UInt8], with other: [UInt8], _ random: inout SplitMix) -> [UInt8] {
    var bytes = input
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      Self.allCases.randomElement(using: &random)?.apply(to: &bytes, other, &random)
    }
    return bytes
  }

  private func apply(to bytes: inout [UInt8], _ other: [UInt8], _ random: inout SplitMix) {
    let place = Int.random(in: 0...bytes.count, using: &random)
    let count = Int.random(in: 0...min(bytes.count - place, 40), using: &random)
    let piece = bytes[place..<place + count]
    switch self {
    case .flip where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case .replace where place < bytes.count: bytes[place] = Self.telling.randomElement(using: &random) ?? 0
    case .flip, .replace, .insert: bytes.insert(Self.telling.randomElement(using: &random) ?? 0, at: place)
    case .remove: bytes.removeSubrange(place..<place + count)
    case .double: bytes.insert(contentsOf: piece, at: place)
    case .move:
      bytes.removeSubrange(place..<place + count)
      bytes.insert(contentsOf: piece, at: Int.random(in: 0...bytes.count, using: &random))
    case .cut: bytes.removeSubrange(place...)
    case .splice: bytes = Array(bytes[..<place]) + other.dropFirst(Int.random(in: 0...other.count, using: &random))
    }
  }
}
