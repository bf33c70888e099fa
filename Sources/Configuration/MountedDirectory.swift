import FoundationEssentials
import Glibc

/// A directory of files as the kubelet mounts a ConfigMap: each file is a link through `..data`, and an update replaces that one
/// link. Reading goes through the directory that `..data` names, so that no reading mixes two versions. A plain directory is read
/// as it stands.
package struct MountedDirectory: Sendable {
  /// What one reading may hold, in bytes. A ConfigMap holds 1 MiB at most.
  private static let bytesLimit = 16 << 20
  private static let readingsLimit = 5

  package let path: String

  package init(_ path: String) { self.path = path }

  /// All files, by name. Names that start with a dot, and whatever is no file, are passed over.
  package func read() throws(SettingsError) -> [MountedFile] {
    for _ in 0..<Self.readingsLimit {
      let before = version
      let files = Result { () throws(SettingsError) in try readOnce() }
      // The kubelet removes the old directory after it has moved the link: what was read meanwhile may be torn, or gone.
      if version == before { return try files.get() }
    }
    throw .unreadable(path: path, reason: "it changed \(Self.readingsLimit) times while it was read")
  }

  /// Changes whenever a file may have. Cheap enough to ask for twice a second.
  package var version: String {
    if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path + "/..data") { return target }
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { !$0.hasPrefix(".") }.sorted()
    return names.map { "\($0) \(Self.stamp("\(path)/\($0)"))" }.joined(separator: "\n")
  }

  private func readOnce() throws(SettingsError) -> [MountedFile] {
    let manager = FileManager.default
    let data = path + "/..data"
    let directory =
      (try? manager.destinationOfSymbolicLink(atPath: data)).map { $0.hasPrefix("/") ? $0 : "\(path)/\($0)" } ?? path
    let names: [String]
    do {
      names = try manager.contentsOfDirectory(atPath: directory)
    } catch {
      throw .unreadable(path, wanted: "directory", error)
    }
    var files: [MountedFile] = []
    var total = 0
    for name in names.sorted() where !name.hasPrefix(".") {
      let file = "\(directory)/\(name)"
      // A pipe would never end.
      guard let facts = Self.facts(file), facts.st_mode & S_IFMT == S_IFREG else { continue }
      total += Int(facts.st_size)
      guard total <= Self.bytesLimit else { throw .unreadable(path: path, reason: "it holds more than \(Self.bytesLimit) bytes") }
      do {
        // Foundation never frees the buffer for a file that it finds empty.
        let bytes = facts.st_size == 0 ? [] : Array(try Data(contentsOf: URL(filePath: file)))
        files.append(MountedFile(directory: path, name: name, bytes: bytes))
      } catch {
        throw .unreadable(path: "\(path)/\(name)", reason: "\(error)")
      }
    }
    return files
  }

  private static func stamp(_ path: String) -> String {
    guard let facts = facts(path) else { return "-" }
    return "\(facts.st_ino) \(facts.st_size) \(facts.st_mtim.tv_sec).\(facts.st_mtim.tv_nsec)"
  }

  /// nil where there is nothing, or a link to nothing.
  private static func facts(_ path: String) -> stat? {
    var facts = stat()
    return unsafe stat(path, &facts) == 0 ? facts : nil
  }
}

extension MountedDirectory {
  /// All files, or none where the directory does not exist.
  package func readIfPresent() throws(SettingsError) -> [MountedFile] {
    FileManager.default.fileExists(atPath: path) ? try read() : []
  }
}
