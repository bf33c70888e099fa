import Locks

/// A file for reading of which the medium may have lost some blocks: these are read as zeros, which no checksum takes for what was
/// there, and are remembered.
final class PartlyReadableFile: DiskFile {
  private let file: any DiskFile
  private let unreadable = Mutex<Set<Int>>([])

  private static let blockBytes = 4096

  init(_ file: any DiskFile) { self.file = file }

  /// Where the blocks begin that could not be read.
  var unreadableOffsets: [Int] { unreadable.withLock { $0.sorted() } }

  func size() throws(DiskError) -> Int { try file.size() }

  func read(_ count: Int, at offset: Int) throws(DiskError) -> [UInt8] {
    do { return try file.read(count, at: offset) } catch { guard error.isUnreadable else { throw error } }
    // A short read is allowed, and whoever wants more reads on.
    let start = offset / Self.blockBytes * Self.blockBytes
    let piece = min(count, start + Self.blockBytes - offset)
    if piece < count { return try read(piece, at: offset) }
    // Asked for first: where the whole disk is gone nothing is taken for damage.
    let size = try file.size()
    unreadable.withLock { _ = $0.insert(start) }
    return [UInt8](repeating: 0, count: max(0, min(piece, size - offset)))
  }

  func write(_ bytes: Span<UInt8>, at offset: Int) throws(DiskError) -> Int { preconditionFailure("only read") }
  func sync() throws(DiskError) { preconditionFailure("only read") }
  func truncate(to length: Int) throws(DiskError) { preconditionFailure("only read") }
}
