import FoundationEssentials

/// Reads whole files. Tests bring a dictionary.
package struct FileSource: Sendable {
  private let contents: @Sendable (String) throws(CredentialsError) -> [UInt8]
  private let existence: @Sendable (String) -> Bool

  package init(
    read: @escaping @Sendable (String) throws(CredentialsError) -> [UInt8], exists: @escaping @Sendable (String) -> Bool
  ) {
    contents = read
    existence = exists
  }

  package func read(_ path: String) throws(CredentialsError) -> [UInt8] { try contents(path) }

  package func exists(_ path: String) -> Bool { existence(path) }

  /// The file system. Blocks its thread.
  package static let disk = FileSource(
    read: { path throws(CredentialsError) in
      do { return Array(try Data(contentsOf: URL(filePath: path))) } catch {
        throw .unreadable(file: path, reason: reason(error))
      }
    },
    exists: { FileManager.default.fileExists(atPath: $0) })

  private static func reason(_ error: any Error) -> String {
    switch (error as? CocoaError)?.code {
    case .fileReadNoSuchFile, .fileNoSuchFile: "there is no such file"
    case .fileReadNoPermission: "permission denied"
    case .fileReadTooLarge: "it is too large"
    default: "reading failed"
    }
  }
}
