/// One input, and the ways in which it may come. Where it is cut follows from the bytes, so that a failing input fails again.
struct Pieces {
  let input: [UInt8]
  /// FNV-1a.
  private let hash: UInt64

  init(_ input: [UInt8]) {
    self.input = input
    hash = input.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
  }

  var whole: [ArraySlice<UInt8>] { [input[...]] }

  var bytewise: [ArraySlice<UInt8>] { input.indices.map { input[$0...$0] } }

  var halves: [ArraySlice<UInt8>] {
    let place = Int(hash % UInt64(input.count + 1))
    return [input[..<place], input[place...]]
  }

  /// Pieces of 1 to `limit` bytes.
  func uneven(upTo limit: Int) -> [ArraySlice<UInt8>] {
    var pieces: [ArraySlice<UInt8>] = []
    var rest = input[...]
    var state = hash
    while !rest.isEmpty {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let count = 1 + Int(state >> 33) % limit
      pieces.append(rest.prefix(count))
      rest = rest.dropFirst(count)
    }
    return pieces
  }
}
