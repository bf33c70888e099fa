import ArgumentParser
import Deployer
import DurableLog
import JSON

extension LogCommand {
  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check every record of a log, and list all damage.",
      discussion: """
        Changes nothing, so DIR may be a read-only copy. Exit 0 when `relaunch serve` would start with this log, 3 when it is damaged, 4 when a \
        newer version wrote it.
        """)

    @OptionGroup var directory: LogDirectory

    @Flag(help: "Print JSON instead of text.")
    var json = false

    func run() async throws {
      var unknown: [String] = []
      let survey = try directory.run { path in
        try LogInspection.run(path) { finding in
          guard case .record(let record) = finding, !record.isStray, let problem = record.problem, unknown.count < 100 else {
            return
          }
          unknown.append("\(record.segment) byte \(record.offset): record \(record.sequence): \(problem)")
        }
      }
      print(json ? survey.json(unknown).text() : survey.text(unknown))
      if !survey.isSound { throw ExitCode.damagedLog }
      if !unknown.isEmpty { throw ExitCode.newerLog }
    }
  }
}

extension InspectedRecord {
  /// Why a server would not start with this record, though its checksums are right. What it would pass over is none.
  fileprivate var problem: String? {
    switch kind {
    case .event, .snapshot: LogContent(kind, payload).problem
    default: nil
    }
  }
}

extension LogSurvey {
  fileprivate func verdict(_ unknown: [String]) -> String { !isSound ? "damaged" : unknown.isEmpty ? "sound" : "newer" }

  fileprivate func text(_ unknown: [String]) -> String {
    var lines = ["\(directory): \(verdict(unknown))"]
    for segment in segments {
      let range = segment.records == 0 ? "no records" : "records \(segment.firstSequence) to \(segment.lastSequence)"
      lines.append(
        "segment     \(segment.name)  \(range), \(segment.usedBytes) of \(segment.byteCount) bytes, \(segment.end.rawValue)"
          + (segment.isDamaged ? ", damaged" : ""))
    }
    if segments.isEmpty { lines.append("segment     none: nothing was ever written") }
    lines.append(
      "checkpoint  "
        + (checkpoint.map {
          "generation \($0.generation): the log begins with record \($0.oldestSegment) and is durable up to \($0.durableSequence)"
        } ?? "none; the next start makes it"))
    lines.append("records     \(RecordKind.list(records))")
    if let tail = tornTail {
      lines.append(
        "torn tail   \(tail.segment) byte \(tail.offset): \(tail.bytes) bytes that were never acknowledged; the next start cuts them off"
      )
    }
    if !leftovers.isEmpty { lines.append("leftovers   \(leftovers.joined(separator: ", ")): the next start removes them") }
    if hasUnfinishedRepair {
      lines.append("repair      one was interrupted; run `relaunch log repair \(directory) --quarantine` again")
    }
    lines += unknown.map { "newer       \($0)" }
    lines += damages.map { "damage      \($0.summary)" }
    if !isSound {
      lines.append("`relaunch log repair \(directory) --quarantine --dry-run` says what a repair would keep")
    }
    return lines.joined(separator: "\n")
  }

  fileprivate func json(_ unknown: [String]) -> JSONValue {
    let parts = segments.map { segment -> JSONValue in
      [
        "name": .string(segment.name), "firstSequence": .count(segment.firstSequence),
        "lastSequence": .count(segment.lastSequence), "records": .count(segment.records), "bytes": .count(segment.byteCount),
        "usedBytes": .count(segment.usedBytes), "end": .string(segment.end.rawValue), "damaged": .bool(segment.isDamaged),
      ]
    }
    let mark = checkpoint.map { mark -> JSONValue in
      [
        "generation": .count(mark.generation), "oldestSegment": .count(mark.oldestSegment),
        "durableSequence": .count(mark.durableSequence),
      ]
    }
    let torn = tornTail.map { tail -> JSONValue in
      ["segment": .string(tail.segment), "offset": .count(tail.offset), "bytes": .count(tail.bytes)]
    }
    return [
      "directory": .string(directory), "verdict": .string(verdict(unknown)), "segments": .array(parts),
      "checkpoint": mark ?? .null, "durableSequence": .count(durableSequence), "records": .records(records),
      "damages": .array(damages.map(\.json)), "tornTail": torn ?? .null, "leftovers": .array(leftovers.map { .string($0) }),
      "newer": .array(unknown.map { .string($0) }), "unfinishedRepair": .bool(hasUnfinishedRepair),
    ]
  }
}
