import ArgumentParser
import Clocks
import Deployer
import DurableLog
import JSON

extension LogCommand {
  struct Dump: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print every record of a log, one line of JSON each.",
      discussion: """
        In the order of the files: segment, offset, sequence, type, schema, lag, length, and what the payload is about; all of it with \
        --payloads, which may be more than should leave the machine. A damaged place is a line {"damage": …}, and then the exit code is 3; \
        all that can be read is printed. Records of a file that is no part of the log have "stray": true. Changes nothing.
        """)

    @OptionGroup var directory: LogDirectory

    @Option(help: "Only records of these types, with commas: event, job, dead, snapshot, config, pad, seal, clean, admin, gap.")
    var type: String?

    @Option(help: "Only records about the event of this id.")
    var event: String?

    @Option(help: "Only records from this time on, such as 2026-11-23T14:00:05Z; those without a time are left out.")
    var since: String?

    @Option(help: "Only records before this time.")
    var until: String?

    @Flag(help: "Print whole payloads.")
    var payloads = false

    func validate() throws { _ = try filter() }

    func run() async throws {
      let filter = try filter()
      let survey = try directory.run { path in
        try LogInspection.run(path) { finding in
          switch finding {
          case .damage(let damage): print(JSONValue.object(["damage": damage.json]).text())
          case .record(let record): if let line = filter.line(record, payloads) { print(line.text()) }
          }
        }
      }
      if !survey.isSound { throw ExitCode.damagedLog }
    }

    private func filter() throws -> Filter {
      let kinds = try type.map { list in
        try Set(
          list.split(separator: ",").map { name in
            guard let kind = RecordKind.allCases.first(where: { "\($0)" == name }) else {
              throw ValidationError("--type \(name): there is no such type; see --help")
            }
            return kind
          })
      }
      return Filter(kinds: kinds, event: event, since: try time(since, "--since"), until: try time(until, "--until"))
    }

    private func time(_ text: String?, _ option: String) throws -> Timestamp? {
      try text.map { text in
        guard let time = Timestamp(rfc3339: text) else {
          throw ValidationError("\(option) \(text): write a time as 2026-11-23T14:00:05Z")
        }
        return time
      }
    }
  }

  /// Which records are printed, and how.
  private struct Filter {
    let kinds: Set<RecordKind>?
    let event: String?
    let since: Timestamp?
    let until: Timestamp?

    /// - Returns: nil for a record that is not asked for.
    func line(_ record: InspectedRecord, _ isFull: Bool) -> JSONValue? {
      if let kinds {
        guard let kind = record.kind, kinds.contains(kind) else { return nil }
      }
      let content = LogContent(record.kind, record.payload)
      if let event, !content.eventIDs.contains(event) { return nil }
      if since != nil || until != nil {
        guard let at = content.at, at >= since ?? at, until.map({ at < $0 }) ?? true else { return nil }
      }
      var members = JSONObject([
        (name: "segment", value: .string(record.segment)), (name: "offset", value: .count(record.offset)),
        (name: "sequence", value: .count(record.sequence)),
        (name: "type", value: record.kind.map { .string("\($0)") } ?? .count(record.type)),
        (name: "schema", value: .count(record.schema)), (name: "lag", value: .count(record.lag)),
        (name: "length", value: .count(record.payload.count)),
      ])
      if record.isStray { members["stray"] = true }
      if let problem = content.problem { members["problem"] = .string(problem) }
      let payload = isFull ? content.full : content.brief
      if payload.object?.isEmpty != true { members["payload"] = payload }
      return .object(members)
    }
  }
}
