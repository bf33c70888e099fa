/// The test between the parentheses of `#(name=="v")`: a path into an element and what is to be found there.
struct JSONQuery: Hashable, Sendable {
  fileprivate enum Operation: String, Hashable, Sendable, CaseIterable {
    case equal = "=="
    case notEqual = "!="
    case atMost = "<="
    case atLeast = ">="
    case unlike = "!%"
    case below = "<"
    case above = ">"
    case like = "%"
    /// gjson's other spelling of `==`.
    case alsoEqual = "="
  }

  fileprivate struct Test: Hashable, Sendable {
    let operation: Operation
    let wanted: String
    let number: Double
    let wildcard: Wildcard
  }

  private let path: JSONPath?
  /// nil: whatever is there will do.
  private let test: Test?
  /// `#(…)#`: all elements that match rather than the first.
  let isAll: Bool

  /// - Parameters:
  ///   - path: into the element; empty for an element that is no array or object.
  ///   - test: the operator and the wanted value, such as `=="v"`; nil for none.
  ///   - whole: the path around it, for the error.
  init(path: String, test: String?, isAll: Bool, whole: String, nesting: Int) throws(JSONPathError) {
    self.path = path.isEmpty ? nil : try JSONPath(path, nesting: nesting)
    self.isAll = isAll
    guard let test else {
      self.test = nil
      return
    }
    guard let operation = Operation.allCases.first(where: { test.hasPrefix($0.rawValue) }) else {
      throw .malformed(reason: "has a query with the unknown operator \(test.quoted(limit: 80))", path: whole)
    }
    let value = String(test.dropFirst(operation.rawValue.count).drop { $0 == " " })
    if value.hasPrefix("~") { throw .unsupported(feature: "the query value \(value.quoted(limit: 80))", path: whole) }
    let wanted = Self.unquoted(value)
    self.test = Test(operation: operation, wanted: wanted, number: Double(wanted) ?? 0, wildcard: Wildcard(wanted))
  }

  func matches(_ element: JSONValue) -> Bool {
    guard let value = subject(of: element) else { return false }
    guard let test else { return true }
    switch value {
    case .string(let text): return test.accepts(text)
    case .number(let number): return test.accepts(number.double)
    case .bool(let value): return test.accepts(value)
    // gjson compares nothing with these, so that even `!=` is false.
    case .null, .array, .object: return false
    }
  }

  private func subject(of element: JSONValue) -> JSONValue? {
    switch element {
    case .object(let object) where path == nil: object[""]
    case .array where path == nil: nil
    case .object, .array: path?.value(in: element)
    default: path == nil ? element : nil
    }
  }

  private static func unquoted(_ value: String) -> String {
    guard value.utf8.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") else { return value }
    do throws(JSONError) {
      return try JSONValue(parsing: value).string ?? value
    } catch {
      // `\*` in a pattern is an escape of the pattern, not of JSON.
      return String(value.dropFirst().dropLast())
    }
  }
}

extension JSONQuery.Test {
  func accepts(_ text: String) -> Bool {
    switch operation {
    case .like: wildcard.matches(text)
    case .unlike: !wildcard.matches(text)
    case .equal, .alsoEqual: text.utf8.elementsEqual(wanted.utf8)
    case .notEqual: !text.utf8.elementsEqual(wanted.utf8)
    case .below: text.utf8.lexicographicallyPrecedes(wanted.utf8)
    case .atLeast: !text.utf8.lexicographicallyPrecedes(wanted.utf8)
    case .above: wanted.utf8.lexicographicallyPrecedes(text.utf8)
    case .atMost: !wanted.utf8.lexicographicallyPrecedes(text.utf8)
    }
  }

  func accepts(_ value: Double) -> Bool {
    switch operation {
    case .equal, .alsoEqual: value == number
    case .notEqual: value != number
    case .below: value < number
    case .atMost: value <= number
    case .above: value > number
    case .atLeast: value >= number
    case .like, .unlike: false
    }
  }

  /// gjson's table: the wanted value is compared as a word, and true is the larger one.
  func accepts(_ value: Bool) -> Bool {
    switch operation {
    case .equal, .alsoEqual: wanted == String(value)
    case .notEqual: wanted != String(value)
    case .above: value && wanted == "false"
    case .atLeast: value
    case .below: !value && wanted == "true"
    case .atMost: !value
    case .like, .unlike: false
    }
  }
}
