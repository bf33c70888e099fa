import Configuration
import JSON

/// The payload of a CONFIG record: the last good version of each file of rules and mapping, so that the next process has them where a
/// file is broken when it starts.
struct KnownConfiguration: Hashable, Sendable {
  let files: [MountedFile]

  init(files: [MountedFile]) { self.files = files }

  /// A JSON object: `files`, an array of objects with `directory`, `name` and `text`. A file that is not UTF-8 is left out: no version of
  /// it was good.
  var payload: [UInt8] {
    let files: [JSONValue] = files.compactMap { file in
      guard let text = String(validating: file.bytes, as: UTF8.self) else { return nil }
      return ["directory": .string(file.directory), "name": .string(file.name), "text": .string(text)]
    }
    return JSONValue.object(["files": .array(files)]).serialized()
  }

  /// - Returns: nil for what `payload` does not write.
  init?(payload: [UInt8]) {
    guard let members = (try? JSONValue(parsing: payload))?["files"]?.array else { return nil }
    files = members.compactMap { file in
      guard let directory = file["directory"]?.string, let name = file["name"]?.string, let text = file["text"]?.string else {
        return nil
      }
      return MountedFile(directory: directory, name: name, bytes: Array(text.utf8))
    }
  }
}
