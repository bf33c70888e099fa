import ArgumentParser
import Clocks
import DurableLog
import JSON

extension LogCommand {
  struct Repair: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a damaged log usable again, and keep every record that can be read.",
      discussion: """
        The records are written again into a fresh log, in which a GAP record stands for each range that is missing; all old files go to \
        DIR/quarantine/N, whole, with a report. Interrupted, it is run again. It needs as much free space as the log has records. What is \
        sound is left alone. Exit 0 when the log is sound afterwards; with --dry-run, 3 when there is something to repair.
        """)

    @OptionGroup var directory: LogDirectory

    @Flag(help: "Needed: it says that records which cannot be read may be given up, and the old files moved.")
    var quarantine = false

    @Flag(help: "Only say what would be kept and what is lost.")
    var dryRun = false

    @Flag(help: "Print JSON instead of text.")
    var json = false

    func validate() throws {
      if !quarantine {
        throw ValidationError(
          "--quarantine is missing: with it, all that cannot be read is given up and the old files are moved away")
      }
    }

    func run() async throws {
      let outcome = try directory.run { path in
        try LogRepair.run(path, isDryRun: dryRun, clock: SystemWallClock()) { $0.json("repaired").serialized(pretty: true) }
      }
      print(json ? outcome.json.text() : outcome.text(directory.path))
      switch outcome {
      case .planned, .interrupted: throw ExitCode.damagedLog
      case .sound, .repaired, .finished: break
      }
    }
  }
}

extension LogRepair.Outcome {
  fileprivate func text(_ directory: String) -> String {
    switch self {
    case .sound: "\(directory): the log is sound; nothing was changed"
    case .planned(let report): report.text("\(directory): damaged; a repair would keep", "would go")
    case .repaired(let report): report.text("\(directory): repaired; kept were", "are")
    case .interrupted(let quarantine):
      "\(directory): a repair was interrupted; run it again without --dry-run; its report will be \(quarantine)/report.json"
    case .finished(let quarantine):
      "\(directory): the repair that was interrupted is finished, the log is sound; its report is \(quarantine)/report.json"
    }
  }

  fileprivate var json: JSONValue {
    switch self {
    case .sound: ["outcome": "sound"]
    case .planned(let report): report.json("planned")
    case .repaired(let report): report.json("repaired")
    case .interrupted(let quarantine): ["outcome": "interrupted", "quarantine": .string(quarantine)]
    case .finished(let quarantine): ["outcome": "finished", "quarantine": .string(quarantine)]
    }
  }
}

extension RepairReport {
  fileprivate func text(_ kept: String, _ go: String) -> String {
    var lines = ["\(kept) \(RecordKind.list(self.kept))"]
    lines += gaps.map { "lost        \($0)" }
    if gaps.isEmpty { lines.append("lost        nothing") }
    for file in files { if let note = file.note { lines.append("file        \(file.name): \(note)") } }
    lines.append("old files   \(files.count) segments \(go) in \(quarantine)")
    return lines.joined(separator: "\n")
  }

  fileprivate func json(_ outcome: String) -> JSONValue {
    let lost = gaps.map { gap -> JSONValue in
      let records = gap.records.map { record -> JSONValue in
        [
          "sequence": .count(record.sequence), "type": .string(RecordKind.name(record.type)), "bytes": .count(record.byteCount),
        ]
      }
      return [
        "sequences": .sequences(gap.sequences), "reason": .string(gap.reason), "segment": .string(gap.segment),
        "offset": .count(gap.offset), "records": .array(records),
      ]
    }
    let files = files.map { file -> JSONValue in
      ["name": .string(file.name), "note": file.note.map { .string($0) } ?? .null]
    }
    return [
      "outcome": .string(outcome), "directory": .string(directory), "kept": .records(kept), "lost": .array(lost),
      "files": .array(files), "quarantine": .string(quarantine),
    ]
  }
}
