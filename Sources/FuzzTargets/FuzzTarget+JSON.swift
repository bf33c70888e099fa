import JSON
import YAML

extension FuzzTarget {
  static func checkJSON(_ input: [UInt8]) throws(BrokenClaim) {
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: input)
    } catch {
      try claimIsPresentable(error)
      // A reader that skips refuses the same, but for names that occur twice.
      if case .duplicateName = error { return }
      return try claim(skip(input) == error, "read: \(error); skipped: \(String(describing: skip(input)))")
    }
    try claim(skip(input) == nil, "read whole, but skipped: \(String(describing: skip(input)))")
    let compact = value.serialized()
    for text in [compact, value.serialized(pretty: true)] {
      let again = parsed(text)
      try claim(again == value && again?.serialized() == compact, "\(value) is read again as \(String(describing: again))")
    }
  }

  private static func parsed(_ text: [UInt8]) -> JSONValue? {
    do throws(JSONError) { return try JSONValue(parsing: text) } catch { return nil }
  }

  private static func skip(_ input: [UInt8]) -> JSONError? {
    do throws(JSONError) {
      var reader = try JSONReader(input)
      try reader.skipValue()
      try reader.finish()
      return nil
    } catch {
      return error
    }
  }

  static func checkJSONPath(_ input: [UInt8]) throws(BrokenClaim) {
    let end = input.firstIndex(of: UInt8(ascii: "\n")) ?? input.endIndex
    let text = String(decoding: input[..<end], as: UTF8.self)
    // Where there is no JSON behind the path, it is followed all the same.
    let document = parsed(Array(input[end...].dropFirst())) ?? ["a": [["b": 1, "c": "x"], ["b": 2]], "": nil, "1": [true]]
    do throws(JSONPathError) {
      _ = try JSONPath(text).value(in: document)
    } catch {
      try claimIsPresentable(error)
    }
    var changed = document
    do throws(JSONPathError) {
      try changed.set("new", at: text)
    } catch {
      try claimIsPresentable(error)
      return try claim(changed == document, "a write failed (\(error)) and changed the document")
    }
    try claim(changed.text().contains("\"new\""), "a write to \(text.debugDescription) wrote nothing")
    try claim(parsed(changed.serialized()) == changed, "\(changed) is not read as it is written")
  }

  static func checkYAML(_ input: [UInt8]) throws(BrokenClaim) {
    let whole = Result { () throws(YAMLError) in try YAMLStream.parse(input) }
    let each = YAMLStream.parseEach(input)
    switch whole {
    case .success(let documents):
      try claim(each.errors.isEmpty && each.documents == documents, "read as a whole, but in pieces: \(each)")
    case .failure(let error): try claim(!each.errors.isEmpty, "\(error), but no document has an error")
    }
    for error in each.errors {
      try claimIsPresentable(error)
      try claim(error.position.line >= 1 && error.position.column >= 1, "an error at \(error.position)")
    }
    for document in each.documents {
      let json = document.json
      try claim(parsed(json.serialized()) == json, "\(json) is not read as it is written")
    }
  }
}
