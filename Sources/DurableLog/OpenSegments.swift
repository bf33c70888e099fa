import Locks

/// The files of all segments, open for reading records again.
final class OpenSegments: Sendable {
  private let files = Mutex<[UInt64: (file: any DiskFile, journal: JournalID)]>([:])

  func add(_ file: any DiskFile, _ journal: JournalID, firstSequence: UInt64) {
    files.withLock { $0[firstSequence] = (file, journal) }
  }

  func remove(firstSequence: UInt64) { files.withLock { $0[firstSequence] = nil } }

  func removeAll() { files.withLock { $0 = [:] } }

  var count: Int { files.withLock { $0.count } }

  subscript(firstSequence: UInt64) -> (file: any DiskFile, journal: JournalID)? { files.withLock { $0[firstSequence] } }
}
