import Clocks
import Dispatch
import DurableLog
import FoundationEssentials
import Glibc
import Testing

struct KillTests {
  /// A kill proves recovery only; that nothing is acknowledged without a sync is for the faulty disk to prove.
  @Test func keepsWhatWasAcknowledgedBeforeAKill() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
      let (log, _) = try DurableLog.open(LogConfiguration(directory: path), clock: SystemWallClock()) { _ in }
      let acknowledged = unsafe open(path + "/acknowledged", O_WRONLY | O_CREAT | O_APPEND, 0o600)
      for number in 0..<100_000 {
        let payload = Array("\(number)".utf8)
        log.append(.event, payload) { result in
          guard case .success = result else { return }
          let line = payload + [10]
          unsafe write(acknowledged, line, line.count)
          if number == 700 { kill(getpid(), SIGKILL) }
        }
      }
      while true { pause() }
    }
    let acknowledged = try String(contentsOfFile: path + "/acknowledged", encoding: .utf8).split(separator: "\n").compactMap {
      Int($0)
    }
    #expect(acknowledged == Array(0...700))
    var found: [Int] = []
    let (log, report) = try DurableLog.open(LogConfiguration(directory: path), clock: SystemWallClock()) {
      found.append(Int(String(decoding: $0.payload, as: UTF8.self)) ?? -1)
    }
    #expect(found.count >= acknowledged.count && found == Array(0..<found.count) && !report.wasClosed)
    log.close()
  }
}
