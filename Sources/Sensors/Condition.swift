import JSON

/// `conditions`: which dependencies let a trigger fire.
///
/// Only expressions without "&&" are decided here: with it, Argo keeps the events of other dependencies until all have come.
struct Condition: Hashable, Sendable {
  /// The dependencies each of which suffices, sorted.
  let names: [String]

  /// Reads names joined by `||`, with parentheses.
  static func parse(_ text: String) -> Result<Condition, Problem> {
    var names: Set<String> = []
    var depth = 0
    var wantsName = true
    var rest = text.utf8[...]
    while let byte = rest.first {
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"): rest.removeFirst()
      case UInt8(ascii: "(") where wantsName:
        depth += 1
        rest.removeFirst()
      case UInt8(ascii: ")") where !wantsName && depth > 0:
        depth -= 1
        rest.removeFirst()
      case UInt8(ascii: "|") where !wantsName && rest.dropFirst().first == byte:
        wantsName = true
        rest = rest.dropFirst(2)
      case UInt8(ascii: "&") where !wantsName && rest.dropFirst().first == byte:
        return .failure(.needsState("\(text.quoted(limit: 80)) waits for several events"))
      default:
        let name = rest.prefix { isNameByte($0) }
        guard wantsName, !name.isEmpty else {
          return .failure(.syntax("\(text.quoted(limit: 80)) is not names joined by || and &&"))
        }
        names.insert(String(decoding: name, as: UTF8.self))
        wantsName = false
        rest = rest.dropFirst(name.count)
      }
    }
    guard !wantsName, depth == 0 else { return .failure(.syntax("\(text.quoted(limit: 80)) ends too soon")) }
    return .success(Condition(names: names.sorted()))
  }

  enum Problem: Error, Hashable {
    case syntax(String)
    case needsState(String)
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    (97...122).contains(byte | 0x20) || (48...57).contains(byte) || byte == 45 || byte == 95
  }
}
