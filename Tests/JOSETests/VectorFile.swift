import JSON
import TestSupport

/// A file of test vectors in the shared data, and the count of those that came out as stated.
struct VectorFile {
  let name: String
  let content: JSONValue
  private(set) var passed = 0
  private(set) var total = 0
  private(set) var failures: [String] = []

  /// A Wycheproof file.
  init(wycheproof name: String) throws {
    self.name = name
    content = try JSONValue(parsing: SharedData.bytes("vectors/wycheproof/\(name)"))
  }

  /// A file of one JSON value a line.
  init(lines name: String) throws {
    self.name = name
    let lines = try SharedData.bytes("vectors/\(name)").split(separator: UInt8(ascii: "\n"))
    content = .array(try lines.map { try JSONValue(parsing: $0) })
  }

  /// Each test with the group it stands in.
  var tests: [(group: JSONValue, test: JSONValue)] {
    (content["testGroups"]?.array ?? []).flatMap { group in (group["tests"]?.array ?? []).map { (group, $0) } }
  }

  /// The names of these are printed, and their number is the verdict.
  mutating func count(_ name: String, _ isAsStated: Bool) {
    total += 1
    if isAsStated { passed += 1 } else { failures.append(name) }
  }

  var summary: String { "vectors \(name): \(passed) of \(total)" }
}

extension JSONValue {
  /// The bytes of a string of hexadecimal digits.
  var hexBytes: [UInt8]? {
    guard let digits = string.map({ Array($0.utf8) }), digits.count % 2 == 0 else { return nil }
    let values = digits.map { Character(Unicode.Scalar($0)).hexDigitValue }
    guard !values.contains(nil) else { return nil }
    return stride(from: 0, to: values.count, by: 2).map { UInt8((values[$0] ?? 0) << 4 | (values[$0 + 1] ?? 0)) }
  }
}
