import Clocks
import DurableLog
import Locks
import Testing

struct UrgencyTests {
  @Test func aRecordThatNobodyWaitsForIsDurableSoonAllTheSame() async throws {
    let directory = try TemporaryDirectory()
    let (log, _) = try DurableLog.open(LogConfiguration(directory: directory.path), clock: SystemWallClock()) { _ in }
    let result = await withCheckedContinuation { continuation in
      log.append(.job, [1], .soon) { continuation.resume(returning: $0) }
    }
    #expect(try log.record(at: result.get()).payload == [1])
    log.close()
  }

  @Test func itIsDurableBeforeALaterOneThatSomebodyWaitsFor() async throws {
    let directory = try TemporaryDirectory()
    let (log, _) = try DurableLog.open(LogConfiguration(directory: directory.path), clock: SystemWallClock()) { _ in }
    let order = Mutex<[UInt8]>([])
    for number in 1...5 as ClosedRange<UInt8> { log.append(.job, [number], .soon) { _ in order.withLock { $0.append(number) } } }
    _ = try await log.append(.job, [6])
    #expect(order.withLock { $0 } == [1, 2, 3, 4, 5])
    log.close()
  }

  @Test func recordsGatheredInARowShareOneBatch() async throws {
    let directory = try TemporaryDirectory()
    let (log, _) = try DurableLog.open(LogConfiguration(directory: directory.path), clock: SystemWallClock()) { _ in }
    let (results, arrived) = AsyncStream.makeStream(of: UInt8.self)
    for number in 1...5 as ClosedRange<UInt8> { log.append(.event, [number], .gathered) { _ in arrived.yield(number) } }
    log.commitGathered()
    var order: [UInt8] = []
    for await number in results.prefix(5) { order.append(number) }
    #expect(order == [1, 2, 3, 4, 5])
    #expect(log.counters.batches == 1)
    log.commitGathered()
    _ = try await log.append(.job, [6])
    #expect(log.counters.batches == 2, "gathering nothing begins no batch, and keeps none from beginning")
    log.close()
  }

  @Test func whatIsGatheredIsDurableSoonWithoutTheCallToo() async throws {
    let directory = try TemporaryDirectory()
    let (log, _) = try DurableLog.open(LogConfiguration(directory: directory.path), clock: SystemWallClock()) { _ in }
    let result = await withCheckedContinuation { continuation in
      log.append(.event, [1], .gathered) { continuation.resume(returning: $0) }
    }
    #expect(try log.record(at: result.get()).payload == [1])
    log.close()
  }

  @Test func closingKeepsIt() throws {
    let directory = try TemporaryDirectory()
    let (log, _) = try DurableLog.open(LogConfiguration(directory: directory.path), clock: SystemWallClock()) { _ in }
    log.append(.job, [7], .soon) { _ in }
    log.close()
    var replayed: [[UInt8]] = []
    let (again, _) = try DurableLog.open(LogConfiguration(directory: directory.path), clock: SystemWallClock()) {
      replayed.append($0.payload)
    }
    again.close()
    #expect(replayed == [[7]])
  }
}
