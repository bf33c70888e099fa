import Dispatch
import DurableLog
import Locks
import TestSupport

extension LogConfiguration {
  /// A log on a `FaultyDisk` with segments so small that tests rotate.
  static var small: LogConfiguration {
    var configuration = LogConfiguration(directory: "/log")
    configuration.segmentBytes = 24 << 10
    configuration.aheadBytes = 10_000
    configuration.reserveBytes = 0
    configuration.checkpointDelay = nil
    configuration.refusalFreeBytes = 0
    return configuration
  }

  /// The same with segments that no test fills, and no zeros: the file ends where the records do.
  static var roomy: LogConfiguration {
    var configuration = LogConfiguration.small
    configuration.segmentBytes = 1 << 20
    configuration.aheadBytes = 0
    return configuration
  }
}

extension DurableLog {
  /// Appends all at once and waits for all, without a task.
  func appendAll(_ payloads: [[UInt8]], _ kind: RecordKind = .event) -> [Result<LogPosition, LogError>] {
    let results = Mutex<[Int: Result<LogPosition, LogError>]>([:])
    let group = DispatchGroup()
    for (index, payload) in payloads.enumerated() {
      group.enter()
      append(kind, payload) { result in
        results.withLock { $0[index] = result }
        group.leave()
      }
    }
    group.wait()
    return results.withLock { results in payloads.indices.compactMap { results[$0] } }
  }
}

extension Result where Failure == LogError {
  var error: LogError? { if case .failure(let error) = self { error } else { nil } }
}
