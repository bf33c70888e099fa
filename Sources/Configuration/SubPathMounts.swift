import FoundationEssentials

/// Files that are mounted by themselves, as Kubernetes does for a volume mount with `subPath`. The kubelet never updates those.
package enum SubPathMounts {
  /// The names of the files in `directory` that are mount points.
  ///
  /// - Parameter table: the mounts of this process, in the form of `/proc/self/mountinfo` (proc(5)): the fifth field is the mount point,
  ///   with blanks and the like as `\` and three octal digits.
  package static func names(in directory: String, table: String) -> [String] {
    let prefix = directory.hasSuffix("/") ? directory : directory + "/"
    return table.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ", maxSplits: 5)
      guard fields.count > 4 else { return nil }
      let point = unescaped(fields[4])
      guard point.hasPrefix(prefix) else { return nil }
      let name = point.dropFirst(prefix.count)
      return name.isEmpty || name.contains("/") || name.hasPrefix(".") ? nil : String(name)
    }
  }

  /// The mounts of this process; empty where the system does not tell.
  package static var table: String {
    (try? Data(contentsOf: URL(filePath: "/proc/self/mountinfo"))).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  private static func unescaped(_ field: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(field.utf8)[...]
    while let byte = rest.popFirst() {
      let digits = rest.prefix(3)
      guard byte == UInt8(ascii: "\\"), digits.count == 3, let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
      else {
        bytes.append(byte)
        continue
      }
      bytes.append(code)
      rest = rest.dropFirst(3)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension MountedDirectory {
  /// What to say of files that will never change while the process lives.
  func subPathProblems(_ table: String = SubPathMounts.table) -> [Generation.Problem] {
    SubPathMounts.names(in: path, table: table).map { name in
      Generation.Problem(
        .warning,
        "\(path)/\(name): warning: this file is mounted by itself (subPath), so changes of its ConfigMap never reach it; mount the directory",
        in: "\(path)/\(name)")
    }
  }
}
