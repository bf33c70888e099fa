@testable import Deployer
import DurableLog
import Testing
import TestSupport

struct RunningFileTests {
  private static let path = "/state/RUNNING"

  private func names(_ disk: FaultyDisk) -> [RunningFile.Name] { RunningFile.names(in: "/state", disk: disk) }

  private func name(_ job: Job) -> RunningFile.Name { .attempt(event: job.eventID, job: job.id) }

  private let one = Samples.job("1.job1", of: "1")
  private let two = Samples.job("2.job1", of: "2")

  @Test func namesWhatIsUnderWay() async {
    let disk = FaultyDisk()
    let file = RunningFile(directory: "/state", disk: disk)
    #expect(names(disk) == [])
    file.isDeciding("3")
    await file.attempting(one) {
      await file.attempting(two) { #expect(names(disk.afterKill()) == [.decision(event: "3"), name(one), name(two)]) }
      file.isDeciding("4")
      #expect(names(disk) == [.decision(event: "4"), name(one)])
      file.hasDecided()
      await file.attempting(two) { #expect(names(disk) == [name(one), name(two)], "in the place that is free again") }
    }
    file.isDeciding("5")
    #expect(names(disk) == [.decision(event: "5")])
    #expect(!disk.callNames.contains("fdatasync"))
  }

  @Test func beginsAnew() async {
    let disk = FaultyDisk()
    await RunningFile(directory: "/state", disk: disk).attempting(one) {
      let next = disk.afterKill()
      _ = RunningFile(directory: "/state", disk: next)
      #expect(names(next) == [])
    }
  }

  @Test func namesNobodyAfterAnOrderlyEnd() async {
    let disk = FaultyDisk()
    let file = RunningFile(directory: "/state", disk: disk)
    file.isDeciding("3")
    await file.attempting(one) { file.close() }
    // What does not end in time goes on until the process is gone.
    await file.attempting(two) { file.isDeciding("4") }
    #expect(names(disk) == [])
    #expect(disk.content(Self.path) == [])
  }

  @Test func leavesUnnamedWhatIsTooLong() async {
    let disk = FaultyDisk()
    let file = RunningFile(directory: "/state", disk: disk)
    file.isDeciding("3")
    file.isDeciding(String(repeating: "x", count: 300))
    #expect(names(disk) == [])
    let longest = String(repeating: "x", count: 246)
    file.isDeciding(longest)
    #expect(names(disk) == [.decision(event: longest)])
  }

  @Test(arguments: ["open", "pwrite", "pread"]) func aFailingDiskOnlyCostsTheNames(call: String) async {
    let disk = FaultyDisk()
    disk.inject(.error(5), atEvery: call)
    let file = RunningFile(directory: "/state", disk: disk)
    file.isDeciding("3")
    #expect(await file.attempting(one) { 7 } == 7)
    file.hasDecided()
    file.close()
    #expect(names(disk) == [])
  }

  @Test func damageIsNoName() {
    var random = SplitMix()
    let sample = "attempt 1 1.job1".padded + "decision 2".padded
    for _ in 0..<500 {
      var bytes = Array(sample.utf8)
      for _ in 0...Int.random(in: 0...6, using: &random) {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
        case 1: bytes.removeSubrange(Int.random(in: bytes.indices, using: &random)...)
        case 2: bytes += [UInt8](repeating: .random(in: 0...255, using: &random), count: 300)
        default: bytes = (0..<Int.random(in: 1...2000, using: &random)).map { _ in .random(in: 0...255, using: &random) }
        }
        if bytes.isEmpty { bytes = [0] }
      }
      let disk = FaultyDisk()
      disk.setContent(Self.path, bytes)
      for name in names(disk) {
        switch name {
        case .decision(let event): #expect(!event.contains(" "), "seed \(random.seed)")
        case .attempt(let event, let job): #expect(!event.contains(" ") && !job.contains(" "), "seed \(random.seed)")
        }
      }
    }
  }

  /// However long the file has become, it is read up to the places that there are.
  @Test func isReadWithinBounds() {
    let disk = FaultyDisk()
    let line = Array("decision 1".padded.utf8)
    disk.setContent(Self.path, [UInt8]((0..<1000).flatMap { _ in line }))
    #expect(names(disk).count == 257)
  }
}

extension String {
  /// The text as a line of `RUNNING`.
  var padded: String { self + String(repeating: " ", count: 255 - utf8.count) + "\n" }
}
