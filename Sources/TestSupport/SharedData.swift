import FoundationEssentials

/// The data that stands beside the checkout and is never committed: payloads, vectors, the seed.
package enum SharedData {
  /// The directory that `RELAUNCH_SHARED` names, or `../shared`; nil where there is none.
  package static let directory: String? = {
    let path = ProcessInfo.processInfo.environment["RELAUNCH_SHARED"] ?? "../shared"
    return FileManager.default.fileExists(atPath: path + "/payloads/INDEX.tsv") ? path : nil
  }()

  /// Says to `.enabled(if:)` whether the data can be read.
  package static var isPresent: Bool { directory != nil }

  /// The bytes of the file at `path` below the directory.
  package static func bytes(_ path: String) throws -> [UInt8] {
    guard let directory else { throw CocoaError(.fileNoSuchFile) }
    return Array(try Data(contentsOf: URL(filePath: directory + "/" + path)))
  }

  /// The text of the file at `path` below the directory, read as UTF-8.
  package static func text(_ path: String) throws -> String { String(decoding: try bytes(path), as: UTF8.self) }
}
