import Clocks
import Dispatch
import DurableLog
import Locks
import TestSupport

/// A log of two segments, two batches each, as a process leaves it that is killed when nothing was under way.
struct SampleLog: Sendable {
  static let shared = Result { try SampleLog() }

  /// Segments that take two batches each.
  static var configuration: LogConfiguration {
    var configuration = LogConfiguration(directory: "/log")
    configuration.segmentBytes = 24 << 10
    configuration.aheadBytes = 0
    configuration.reserveBytes = 0
    configuration.checkpointDelay = nil
    return configuration
  }

  let paths: [String]
  /// The segments' bytes. None is nil: it is the type that a change may make it.
  let files: [[UInt8]?]
  let payloads: [[UInt8]]
  /// Where in the last segment the last batch begins. It proves that all records before it were durable.
  let lastBatchOffset: Int
  let durableCount: Int

  private init() throws {
    let payloads = (0..<6).map { [UInt8](repeating: UInt8($0), count: 11 + 90 * $0) }
    let disk = FaultyDisk()
    let (log, _) = try DurableLog.open(Self.configuration, disk: disk, clock: SystemWallClock()) { _ in }
    _ = try log.appendAndWait(payloads[0], then: [payloads[1], payloads[2]])
    let positions = try log.appendAndWait(payloads[3], then: [payloads[4], payloads[5]])
    paths = disk.paths.filter { $0.hasSuffix(".log") }
    files = paths.map { disk.content($0) }
    self.payloads = payloads
    durableCount = 4
    lastBatchOffset = positions[1].offset
    guard paths.count == 2, positions[0].segment == positions[2].segment else { throw BrokenClaim("not two batches a segment") }
  }

  /// A disk with `files` in the places of the segments; what is nil is not there.
  func disk(_ files: [[UInt8]?]) -> FaultyDisk {
    let disk = FaultyDisk()
    for (path, file) in zip(paths, files) { if let file { disk.setContent(path, file) } }
    return disk
  }
}

extension DurableLog {
  /// Appends `first` as a batch and `others` as the next, however slow the machine is: they are appended on the log's own queue, before
  /// it can take any of them.
  /// - Returns: where they are, in order.
  func appendAndWait(_ first: [UInt8], then others: [[UInt8]] = []) throws(LogError) -> [LogPosition] {
    let results = Mutex<[Int: Result<LogPosition, LogError>]>([:])
    let group = DispatchGroup()
    for _ in 0...others.count { group.enter() }
    append(.event, first) { result in
      results.withLock { $0[0] = result }
      for (index, payload) in others.enumerated() {
        self.append(.event, payload) { result in
          results.withLock { $0[index + 1] = result }
          group.leave()
        }
      }
      group.leave()
    }
    group.wait()
    var positions: [LogPosition] = []
    for (_, result) in results.withLock({ $0 }).sorted(by: { $0.key < $1.key }) { positions.append(try result.get()) }
    return positions
  }
}
