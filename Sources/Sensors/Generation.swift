/// The hash that names one state of the rules: FNV-1a over names and contents, 64 bits.
///
/// It tells two sets apart for people reading decisions; nothing is protected by it.
struct Generation {
  private var state: UInt64 = 0xcbf2_9ce4_8422_2325

  /// Adds one file. Its name and content are framed by their lengths, so that files cannot be confused with one another.
  mutating func add(_ file: RuleFile) {
    add(Array(file.name.utf8))
    add(file.bytes)
  }

  /// 16 hexadecimal digits.
  var text: String {
    let digits = String(state, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private mutating func add(_ bytes: [UInt8]) {
    for shift in stride(from: 0, to: 64, by: 8) { add(UInt8(truncatingIfNeeded: bytes.count >> shift)) }
    for byte in bytes { add(byte) }
  }

  private mutating func add(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
}
