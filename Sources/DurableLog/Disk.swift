/// The file system as the log uses it, so that tests can stand in a faulty one.
///
/// The calls are those of the manual, one for one: a write may be short, `EINTR` is an error, and nothing is retried here.
package protocol Disk: Sendable {
  /// Creates the directory at `path`.
  /// - Returns: false where it existed.
  func createDirectory(_ path: String) throws(DiskError) -> Bool
  /// The names in the directory at `path`, in no order.
  func list(_ path: String) throws(DiskError) -> [String]
  /// Opens the file at `path` for reading and writing. With `create` it is made, or emptied, first.
  func open(_ path: String, create: Bool) throws(DiskError) -> any DiskFile
  /// Opens the file at `path` for reading only, which also works where nothing can be written.
  func openForReading(_ path: String) throws(DiskError) -> any DiskFile
  /// Replaces `destination` by `source` in one step.
  func rename(_ source: String, to destination: String) throws(DiskError)
  func remove(_ path: String) throws(DiskError)
  /// Removes the directory at `path`, which must be empty.
  func removeDirectory(_ path: String) throws(DiskError)
  /// Makes the names in the directory at `path` durable.
  func syncDirectory(_ path: String) throws(DiskError)
  /// How much room there is for files in the directory at `path` (`statvfs`).
  func space(_ path: String) throws(DiskError) -> DiskSpace
  /// Takes the exclusive lock on the file at `path`, creating it.
  /// - Returns: the lock, held until it is released from memory; nil when another holder has it.
  func lock(_ path: String) throws(DiskError) -> (any Sendable)?
  /// Takes a lock on the file at `path`, which must be there, that only other readers can share. Changes nothing on the disk.
  /// - Returns: the lock, held until it is released from memory; nil when another holder has the exclusive one.
  func lockForReading(_ path: String) throws(DiskError) -> (any Sendable)?
}

/// An open file; closed when it is released from memory.
package protocol DiskFile: Sendable {
  /// The length in bytes.
  func size() throws(DiskError) -> Int
  /// Reads up to `count` bytes from `offset` on; fewer only at the end of the file or by a short read.
  func read(_ count: Int, at offset: Int) throws(DiskError) -> [UInt8]
  /// Writes at `offset` and returns how many bytes were taken.
  func write(_ bytes: Span<UInt8>, at offset: Int) throws(DiskError) -> Int
  /// Makes the content and the length durable (`fdatasync`).
  func sync() throws(DiskError)
  func truncate(to length: Int) throws(DiskError)
}

extension DiskFile {
  /// Writes all of `bytes`: finishes short writes and makes interrupted ones again.
  func writeAll(_ bytes: Span<UInt8>, at offset: Int) throws(DiskError) {
    var done = 0
    while done < bytes.count {
      do {
        done += try write(bytes.extracting(done..<bytes.count), at: offset + done)
      } catch {
        guard error.isInterrupted else { throw error }
      }
    }
  }

  /// Reads `count` bytes, or what there is before the end of the file.
  func readAll(_ count: Int, at offset: Int) throws(DiskError) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      do {
        let next = try read(count - bytes.count, at: offset + bytes.count)
        if next.isEmpty { break }
        if bytes.isEmpty { bytes = next } else { bytes += next }
      } catch {
        guard error.isInterrupted else { throw error }
      }
    }
    return bytes
  }
}
