import Clocks
import DurableLog
import FoundationEssentials
import Testing

struct RoundTripTests {
  @Test func replaysWhatWasAppendedInOrderAndByteForByte() async throws {
    let directory = try TemporaryDirectory()
    let payloads = (0..<300).map { index in [UInt8](repeating: UInt8(index & 0xFF), count: index * 7) }
    let kinds: [RecordKind] = [.event, .job, .dead, .snapshot, .config, .admin, .gap]
    var positions: [LogPosition] = []
    let (log, fresh) = try DurableLog.open(LogConfiguration(directory: directory.path), clock: SystemWallClock()) { _ in }
    #expect(fresh.records == 0 && fresh.wasClosed && fresh.segments == 0)
    for (index, payload) in payloads.enumerated() { positions.append(try await log.append(kinds[index % kinds.count], payload)) }
    log.close()

    var replayed: [LogRecord] = []
    let (again, report) = try DurableLog.open(LogConfiguration(directory: directory.path), clock: SystemWallClock()) {
      replayed.append(copy $0)
    }
    #expect(replayed.map(\.payload) == payloads)
    #expect(replayed.map(\.kind) == payloads.indices.map { kinds[$0 % kinds.count] })
    #expect(replayed.map(\.position) == positions)
    #expect(report.wasClosed && report.tornTail == nil && report.records == 300 && report.rewrittenRecords == 0)
    for record in replayed { #expect(try again.record(at: record.position) == record) }
    again.close()
  }
}
