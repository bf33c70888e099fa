import Dispatch
package import DurableLog
import Locks

/// A disk in memory that knows what was synced, fails when told to, and can be crashed.
///
/// Bytes written stay apart from bytes synced, as the page cache keeps them. A crash keeps, drops or tears each unsynced sector of
/// 512 bytes, and each unsynced change of a length or a name, as its generator decides.
package final class FaultyDisk: Disk, Sendable {
  /// A fault to inject at one call.
  package enum Fault: Hashable, Sendable {
    /// The call fails with this `errno` and does nothing; of a sync, the unsynced pages are marked clean and never written.
    case error(Int32)
    /// The write takes only part of the bytes.
    case short
    /// The write takes part of the bytes, and the rest fails for want of space.
    case full
    /// The power goes off in this call, after the page cache has what it writes: the call fails, and so does every later one.
    case powerOff
  }

  package static let sectorBytes = 512

  /// The content of one file: what readers see, what a crash keeps for sure, and which sectors differ.
  struct Node: Sendable {
    var cached: [UInt8] = []
    var durable: [UInt8] = []
    var dirty: Set<Int> = []
  }

  struct State: Sendable {
    var nodes: [Int: Node] = [:]
    /// The names as readers see them, and as a crash keeps them for sure.
    var names: [String: Int] = [:]
    var durableNames: [String: Int] = [:]
    var directories: Set<String> = []
    var locked: Set<String> = []
    var calls = 0
    var faults: [Int: Fault] = [:]
    /// The fault of every call of that name, until it is taken away.
    var standing: [String: Fault] = [:]
    var log: [String] = []
    /// A full disk refuses what would make it hold more than this.
    var capacity = Int.max
    /// What the disk says of its size.
    var volume = Int.max
    var isOff = false
  }

  let state: Mutex<State>
  /// Entered while syncs are held.
  let hold = DispatchGroup()

  package init() { state = Mutex(State()) }

  private init(_ state: State) { self.state = Mutex(state) }

  // MARK: - Faults

  /// The calls made so far.
  package var calls: Int { state.withLock { $0.calls } }

  /// The names of the calls made so far, in order.
  package var callNames: [String] { state.withLock { $0.log } }

  /// Injects `fault` at the call that is the `number`th from the start, counting from 1.
  package func inject(_ fault: Fault, atCall number: Int) { state.withLock { $0.faults[number] = fault } }

  /// Injects `fault` at every call of that name (`pwrite`, `fdatasync`, `rename` ...), until it is set to nil.
  package func inject(_ fault: Fault?, atEvery call: String) { state.withLock { $0.standing[call] = fault } }

  /// Bounds the bytes of all files.
  package func setCapacity(_ bytes: Int) { state.withLock { $0.capacity = bytes } }

  /// Bounds the bytes of all files, and says so.
  package func setVolume(_ bytes: Int) {
    state.withLock {
      $0.capacity = bytes
      $0.volume = bytes
    }
  }

  /// Leaves room for so many bytes beside what there is.
  package func setUsable(_ bytes: Int) { state.withLock { $0.capacity = $0.used + bytes } }

  /// Has every sync wait until `releaseSyncs`.
  package func holdSyncs() { hold.enter() }

  package func releaseSyncs() { hold.leave() }

  // MARK: - Content

  /// The bytes of the file at `path` as a reader sees them.
  package func content(_ path: String) -> [UInt8]? {
    state.withLock { state in state.names[path].flatMap { state.nodes[$0]?.cached } }
  }

  /// Replaces the bytes of the file at `path`, durably.
  package func setContent(_ path: String, _ bytes: [UInt8]) {
    state.withLock { state in
      let id = state.names[path] ?? state.makeNode(path)
      state.nodes[id] = Node(cached: bytes, durable: bytes)
      state.durableNames[path] = id
    }
  }

  /// The paths of all files, sorted.
  package var paths: [String] { state.withLock { $0.names.keys.sorted() } }

  /// The disk as it is found after the process was killed: everything written is there to read, only nobody holds a lock. What was
  /// not synced still is not.
  package func afterKill() -> FaultyDisk { FaultyDisk(state.withLock { $0.restarted() }) }

  /// One of the disks that a loss of power may leave.
  package func afterPowerLoss(using generator: inout some RandomNumberGenerator) -> FaultyDisk {
    var found = state.withLock { $0.restarted() }
    for (path, id) in found.names where found.durableNames[path] != id {
      if Bool.random(using: &generator) { found.durableNames[path] = id }
    }
    found.names = found.durableNames
    for id in found.nodes.keys.sorted() { found.nodes[id]?.losePower(using: &generator) }
    return FaultyDisk(found)
  }

  // MARK: - Disk

  package func createDirectory(_ path: String) throws(DiskError) -> Bool {
    _ = try enter("mkdir", path)
    return state.withLock { $0.directories.insert(path).inserted }
  }

  package func list(_ path: String) throws(DiskError) -> [String] {
    _ = try enter("readdir", path)
    return state.withLock { state in
      state.names.keys.filter { $0.hasPrefix(path + "/") && !$0.dropFirst(path.count + 1).contains("/") }
        .map { String($0.dropFirst(path.count + 1)) }
    }
  }

  package func open(_ path: String, create: Bool) throws(DiskError) -> any DiskFile {
    _ = try enter("open", path)
    let id = state.withLock { state in
      if create {
        let id = state.makeNode(path)
        return Optional(id)
      }
      return state.names[path]
    }
    guard let id else { throw DiskError(call: "open", path: path, code: 2) }
    return FaultyFile(disk: self, id: id, path: path)
  }

  package func openForReading(_ path: String) throws(DiskError) -> any DiskFile { try open(path, create: false) }

  package func rename(_ source: String, to destination: String) throws(DiskError) {
    _ = try enter("rename", source)
    state.withLock { state in
      state.names[destination] = state.names[source]
      state.names[source] = nil
    }
  }

  package func remove(_ path: String) throws(DiskError) {
    _ = try enter("unlink", path)
    state.withLock { $0.names[path] = nil }
  }

  package func removeDirectory(_ path: String) throws(DiskError) {
    _ = try enter("rmdir", path)
    state.withLock { _ = $0.directories.remove(path) }
  }

  package func syncDirectory(_ path: String) throws(DiskError) {
    _ = try enter("fsync", path)
    state.withLock { $0.durableNames = $0.names }
  }

  package func space(_ path: String) throws(DiskError) -> DiskSpace {
    _ = try enter("statvfs", path)
    return state.withLock { DiskSpace(free: max(0, $0.capacity - $0.used), total: $0.volume) }
  }

  package func lock(_ path: String) throws(DiskError) -> (any Sendable)? {
    _ = try enter("flock", path)
    return state.withLock { $0.locked.insert(path).inserted } ? FaultyLock(disk: self, path: path) : nil
  }

  package func lockForReading(_ path: String) throws(DiskError) -> (any Sendable)? {
    _ = try enter("flock", path)
    return state.withLock { $0.locked.contains(path) } ? nil : true
  }

  /// Counts a call and throws the fault that is due.
  func enter(_ call: String, _ path: String) throws(DiskError) -> Fault? {
    let fault: Fault? = state.withLock { state in
      state.calls += 1
      state.log.append(call)
      if state.isOff { return Fault.error(5) }
      guard let fault = state.faults[state.calls] ?? state.standing[call] else { return Fault?.none }
      if fault == .powerOff { state.isOff = true }
      return fault
    }
    switch fault {
    case .error(let code)? where call != "fdatasync": throw DiskError(call: call, path: path, code: code)
    case .powerOff? where call != "pwrite": throw DiskError(call: call, path: path, code: 5)
    default: return fault
    }
  }
}

extension FaultyDisk.State {
  /// The bytes of all files.
  var used: Int { Set(names.values).reduce(0) { $0 + (nodes[$1]?.cached.count ?? 0) } }

  mutating func makeNode(_ path: String) -> Int {
    let id = nodes.count + 1
    nodes[id] = FaultyDisk.Node()
    names[path] = id
    return id
  }

  func restarted() -> FaultyDisk.State {
    var copy = self
    copy.locked = []
    copy.faults = [:]
    copy.standing = [:]
    copy.calls = 0
    copy.isOff = false
    copy.log = []
    return copy
  }
}

extension FaultyDisk.Node {
  mutating func write(_ bytes: [UInt8], at offset: Int) {
    guard !bytes.isEmpty else { return }
    let end = offset + bytes.count
    if cached.count < end { cached += [UInt8](repeating: 0, count: end - cached.count) }
    cached.replaceSubrange(offset..<end, with: bytes)
    dirty.formUnion(offset / FaultyDisk.sectorBytes...(end - 1) / FaultyDisk.sectorBytes)
  }

  /// Decides for each unsynced sector, and for the length, what reached the disk.
  mutating func losePower(using generator: inout some RandomNumberGenerator) {
    let size = FaultyDisk.sectorBytes
    var found = durable
    // The length is that of before, that of after, or that of some sector between.
    if cached.count != durable.count {
      let bounds = min(cached.count, durable.count)...max(cached.count, durable.count)
      let length = [bounds.lowerBound, bounds.upperBound, Int.random(in: bounds, using: &generator)].randomElement(
        using: &generator)
      let count = length ?? bounds.upperBound
      found = Array(found.prefix(count)) + [UInt8](repeating: 0, count: max(0, count - found.count))
    }
    let keepsMost = UInt8.random(in: 0...3, using: &generator)
    for sector in dirty.sorted() {
      let start = sector * size
      let end = min(start + size, cached.count, found.count)
      guard start < end else { continue }
      switch UInt8.random(in: 0...9, using: &generator) {
      case 0: found[start] = .random(in: 0...255, using: &generator)
      case 1:
        let middle = Int.random(in: start..<end, using: &generator)
        found.replaceSubrange(start..<middle, with: cached[start..<middle])
      case 2...(3 + 2 * keepsMost): found.replaceSubrange(start..<end, with: cached[start..<end])
      default: break
      }
    }
    self = FaultyDisk.Node(cached: found, durable: found)
  }
}

/// A file of a `FaultyDisk`.
private struct FaultyFile: DiskFile {
  let disk: FaultyDisk
  let id: Int
  let path: String

  func size() throws(DiskError) -> Int {
    _ = try disk.enter("fstat", path)
    return disk.state.withLock { $0.nodes[id]?.cached.count ?? 0 }
  }

  func read(_ count: Int, at offset: Int) throws(DiskError) -> [UInt8] {
    let fault = try disk.enter("pread", path)
    return disk.state.withLock { state in
      let bytes = (state.nodes[id]?.cached ?? []).dropFirst(offset).prefix(count)
      return Array(fault == .short ? bytes.prefix((bytes.count + 1) / 2) : bytes)
    }
  }

  func write(_ bytes: Span<UInt8>, at offset: Int) throws(DiskError) -> Int {
    let fault = try disk.enter("pwrite", path)
    let all = unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }
    let result: Result<Int, DiskError> = disk.state.withLock { state in
      let growth = max(0, offset + all.count - (state.nodes[id]?.cached.count ?? 0))
      let room = max(0, state.capacity - state.used)
      let count =
        switch fault {
        case .short, .full: (all.count + 1) / 2
        default: growth <= room ? all.count : max(0, all.count - (growth - room))
        }
      state.nodes[id]?.write(Array(all.prefix(count)), at: offset)
      if fault == .powerOff { return .failure(DiskError(call: "pwrite", path: path, code: 5)) }
      if fault == .full || (count == 0 && !all.isEmpty) { return .failure(DiskError(call: "pwrite", path: path, code: 28)) }
      return .success(count)
    }
    return try result.get()
  }

  func sync() throws(DiskError) {
    let fault = try disk.enter("fdatasync", path)
    disk.hold.wait()
    try disk.state.withLock { state throws(DiskError) in
      if case .error(let code) = fault {
        // The pages stay readable and count as clean: no later sync writes them.
        state.nodes[id]?.dirty = []
        throw DiskError(call: "fdatasync", path: path, code: code)
      }
      state.nodes[id]?.syncDirty()
    }
  }

  func truncate(to length: Int) throws(DiskError) {
    _ = try disk.enter("ftruncate", path)
    disk.state.withLock { state in
      guard var node = state.nodes[id], length < node.cached.count else { return }
      node.cached.removeLast(node.cached.count - length)
      node.dirty = node.dirty.filter { $0 * FaultyDisk.sectorBytes < length }
      state.nodes[id] = node
    }
  }
}

extension FaultyDisk.Node {
  /// Makes the dirty sectors and the length durable; a sector whose sync failed before is clean and stays lost.
  fileprivate mutating func syncDirty() {
    let size = FaultyDisk.sectorBytes
    if durable.count > cached.count { durable.removeLast(durable.count - cached.count) }
    durable += [UInt8](repeating: 0, count: cached.count - durable.count)
    for sector in dirty {
      let range = sector * size..<min((sector + 1) * size, cached.count)
      if !range.isEmpty { durable.replaceSubrange(range, with: cached[range]) }
    }
    dirty = []
  }
}

/// Holds a path until it is released from memory.
private final class FaultyLock: Sendable {
  let disk: FaultyDisk
  let path: String

  init(disk: FaultyDisk, path: String) {
    self.disk = disk
    self.path = path
  }

  deinit { disk.state.withLock { _ = $0.locked.remove(path) } }
}
