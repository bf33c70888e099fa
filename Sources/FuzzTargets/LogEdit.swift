/// One change to the files of a log.
struct LogEdit {
  private static let sectorBytes = 512

  private let operation: UInt8
  private let file: Int
  private let place: Int
  private let first: UInt8
  private let second: UInt8

  /// - Parameter bytes: five: what is done (the low four bits) and to which file, where (two), and how (two).
  init(_ bytes: ArraySlice<UInt8>) {
    let bytes = Array(bytes)
    operation = bytes[0] & 0x0F
    file = Int(bytes[0] >> 4)
    place = Int(bytes[1]) << 8 | Int(bytes[2])
    (first, second) = (bytes[3], bytes[4])
  }

  func apply(to files: inout [[UInt8]?]) {
    let index = file % files.count
    guard var bytes = files[index], !bytes.isEmpty else { return }
    let offset = place % bytes.count
    switch operation {
    case 0: bytes.removeSubrange(offset...)
    case 1: bytes.replaceSubrange(offset..., with: repeatElement(0, count: bytes.count - offset))
    case 2:
      let end = min(offset + Int(first) << 4 + Int(second), bytes.count)
      bytes.replaceSubrange(offset..<end, with: repeatElement(0, count: end - offset))
    case 3: bytes.append(contentsOf: repeatElement(second, count: Int(first) << 4))
    case 4: copySector(of: bytes, from: offset, into: &bytes, to: Int(first) * Self.sectorBytes)
    case 5:
      let before = bytes
      copySector(of: before, from: offset, into: &bytes, to: Int(first) * Self.sectorBytes)
      copySector(of: before, from: Int(first) * Self.sectorBytes, into: &bytes, to: offset)
    case 6: bytes.insert(first, at: offset)
    case 7: bytes.remove(at: offset)
    case 8:
      files[index] = nil
      return
    case 9:
      // A file in another's place.
      let other = (index + 1) % files.count
      files.swapAt(index, other)
      return
    case 10: bytes[offset] = first
    default:
      bytes[offset] ^= first
      if offset + 1 < bytes.count { bytes[offset + 1] ^= second }
    }
    files[index] = bytes
  }

  /// Copies the sector that `start` lies in over the one that `end` lies in, where both are whole.
  private func copySector(of source: [UInt8], from start: Int, into bytes: inout [UInt8], to end: Int) {
    let from = start / Self.sectorBytes * Self.sectorBytes
    let to = end / Self.sectorBytes * Self.sectorBytes
    guard from + Self.sectorBytes <= source.count, to + Self.sectorBytes <= bytes.count else { return }
    bytes.replaceSubrange(to..<to + Self.sectorBytes, with: source[from..<from + Self.sectorBytes])
  }
}
