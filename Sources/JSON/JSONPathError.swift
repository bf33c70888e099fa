/// Why a path cannot be used. Every case carries the whole path as it was written.
package enum JSONPathError: Error, Hashable, Sendable {
  /// A part of gjson's or sjson's language that we do not speak.
  case unsupported(feature: String, path: String)
  /// Not a path.
  case malformed(reason: String, path: String)
  /// A write met an array with a part that is no index.
  case notAnIndex(part: String, path: String)
  /// A write to an index so far beyond the array's end that the gap would be larger than the limit.
  case indexTooLarge(index: Int, limit: Int, path: String)
}

extension JSONPathError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unsupported(let feature, let path): "path \(path.quoted(limit: 200)): \(feature) is not supported"
    case .malformed(let reason, let path): "path \(path.quoted(limit: 200)): \(reason)"
    case .notAnIndex(let part, let path):
      "path \(path.quoted(limit: 200)): \(part.quoted(limit: 80)) is no index of the array that is there"
    case .indexTooLarge(let index, let limit, let path):
      "path \(path.quoted(limit: 200)): index \(index) is beyond the limit of \(limit)"
    }
  }
}
