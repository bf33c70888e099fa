internal import Glibc

/// The machine's file system.
package struct SystemDisk: Disk {
  package init() {}

  package func createDirectory(_ path: String) throws(DiskError) -> Bool {
    if unsafe mkdir(path, 0o700) == 0 { return true }
    guard errno == EEXIST else { throw .last("mkdir", path) }
    return false
  }

  package func list(_ path: String) throws(DiskError) -> [String] {
    guard let directory = unsafe opendir(path) else { throw .last("opendir", path) }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    errno = 0
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: entry.pointee.d_name)) {
          unsafe String(cString: $0)
        }
      }
      if name != "." && name != ".." { names.append(name) }
      errno = 0
    }
    guard errno == 0 else { throw .last("readdir", path) }
    return names
  }

  package func open(_ path: String, create: Bool) throws(DiskError) -> any DiskFile {
    try SystemFile(path, create ? O_RDWR | O_CREAT | O_TRUNC : O_RDWR)
  }

  package func openForReading(_ path: String) throws(DiskError) -> any DiskFile { try SystemFile(path, O_RDONLY) }

  package func rename(_ source: String, to destination: String) throws(DiskError) {
    guard unsafe Glibc.rename(source, destination) == 0 else { throw .last("rename", source) }
  }

  package func remove(_ path: String) throws(DiskError) {
    guard unsafe unlink(path) == 0 else { throw .last("unlink", path) }
  }

  package func removeDirectory(_ path: String) throws(DiskError) {
    guard unsafe rmdir(path) == 0 else { throw .last("rmdir", path) }
  }

  package func syncDirectory(_ path: String) throws(DiskError) {
    try SystemFile(path, O_RDONLY | O_DIRECTORY).syncWithMetadata()
  }

  package func space(_ path: String) throws(DiskError) -> DiskSpace {
    var status = statvfs()
    guard unsafe statvfs(path, &status) == 0 else { throw .last("statvfs", path) }
    let block = Int(clamping: status.f_frsize)
    func bytes(_ blocks: fsblkcnt_t) -> Int {
      let (product, overflow) = Int(clamping: blocks).multipliedReportingOverflow(by: block)
      return overflow ? .max : product
    }
    return DiskSpace(free: bytes(status.f_bavail), total: bytes(status.f_blocks))
  }

  package func lock(_ path: String) throws(DiskError) -> (any Sendable)? {
    try lock(try SystemFile(path, O_RDWR | O_CREAT), LOCK_EX)
  }

  package func lockForReading(_ path: String) throws(DiskError) -> (any Sendable)? {
    try lock(try SystemFile(path, O_RDONLY), LOCK_SH)
  }

  private func lock(_ file: SystemFile, _ kind: Int32) throws(DiskError) -> (any Sendable)? {
    guard flock(file.descriptor, kind | LOCK_NB) != 0 else { return file }
    guard errno == EWOULDBLOCK else { throw .last("flock", file.path) }
    return nil
  }
}

/// An open descriptor.
private final class SystemFile: DiskFile {
  let path: String
  let descriptor: Int32

  init(_ path: String, _ flags: Int32) throws(DiskError) {
    descriptor = unsafe Glibc.open(path, flags | O_CLOEXEC, 0o600)
    self.path = path
    guard descriptor >= 0 else { throw .last("open", path) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  func size() throws(DiskError) -> Int {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw .last("fstat", path) }
    return Int(status.st_size)
  }

  func read(_ count: Int, at offset: Int) throws(DiskError) -> [UInt8] {
    var result = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      result = unsafe pread(descriptor, buffer.baseAddress, count, offset)
      initialized = max(result, 0)
    }
    guard result >= 0 else { throw .last("pread", path) }
    return bytes
  }

  func write(_ bytes: Span<UInt8>, at offset: Int) throws(DiskError) -> Int {
    let written = unsafe bytes.withUnsafeBytes { unsafe pwrite(descriptor, $0.baseAddress, $0.count, offset) }
    guard written >= 0 else { throw .last("pwrite", path) }
    return written
  }

  func sync() throws(DiskError) {
    guard fdatasync(descriptor) == 0 else { throw .last("fdatasync", path) }
  }

  func syncWithMetadata() throws(DiskError) {
    guard fsync(descriptor) == 0 else { throw .last("fsync", path) }
  }

  func truncate(to length: Int) throws(DiskError) {
    guard ftruncate(descriptor, length) == 0 else { throw .last("ftruncate", path) }
  }
}

extension DiskError {
  /// The error that the call just made left in `errno`.
  fileprivate static func last(_ call: String, _ path: String) -> DiskError { DiskError(call: call, path: path, code: errno) }
}
