/// One file of a directory of rules or of mapping, as it was read.
package struct MountedFile: Hashable, Sendable {
  /// As it is configured, or as it was given on the command line.
  package let directory: String
  package let name: String
  package let bytes: [UInt8]

  package init(directory: String = "", name: String, bytes: [UInt8]) {
    self.directory = directory
    self.name = name
    self.bytes = bytes
  }

  /// What people find the file by, and problems name it by.
  package var path: String { directory.isEmpty || directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)" }
}
