import ArgumentParser
import DurableLog
import JSON

struct LogCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log", abstract: "Check, read and repair the log of a server that does not run.",
    discussion: """
      DIR is the directory that is `state` in the configuration, or a copy of it. `docs/LOG_FORMAT.md` describes what is in it.

      Exit codes: 0 the log is sound; 2 DIR holds no log; 3 the log is damaged; 4 a newer version wrote it; 5 a server has it, or DIR \
      cannot be read; 64 wrong usage.
      """,
    subcommands: [Verify.self, Dump.self, Repair.self])
}

/// The directory that a log lies in.
struct LogDirectory: ParsableArguments {
  @Argument(help: "The directory of the log.")
  var dir: String

  func validate() throws { if dir.isEmpty { throw ValidationError("the directory's name is empty") } }

  var path: String { dir.count > 1 && dir.hasSuffix("/") ? String(dir.dropLast()) : dir }

  /// Runs `body` and makes its errors exits.
  func run<Result>(_ body: (String) throws -> Result) throws -> Result {
    do {
      return try body(path)
    } catch let error as LogError {
      throw Terminal.failure("\(error)", error.exitCode)
    }
  }
}

extension LogError {
  /// What a command that looks at a log exits with.
  var exitCode: ExitCode {
    switch self {
    case .corrupt: .damagedLog
    case .unsupported: .newerLog
    case .noLog: .unusableConfiguration
    default: .failedLog
    }
  }
}

extension LogDamage {
  var json: JSONValue {
    var members: JSONObject = JSONObject([
      (name: "segment", value: .string(segment)), (name: "offset", value: .number(JSONNumber(Int64(offset)))),
      (name: "reason", value: .string(reason)),
    ])
    if let lost { members["lost"] = .sequences(lost) }
    return .object(members)
  }
}

extension JSONValue {
  static func count(_ value: some BinaryInteger) -> JSONValue { .number(JSONNumber(Int64(clamping: value))) }

  static func sequences(_ range: ClosedRange<UInt64>) -> JSONValue { [.count(range.lowerBound), .count(range.upperBound)] }

  /// Counts by the type byte, under the types' names.
  static func records(_ counts: [UInt8: UInt64]) -> JSONValue {
    .object(JSONObject(counts.sorted { $0.key < $1.key }.map { (name: RecordKind.name($0.key), value: .count($0.value)) }))
  }
}

extension RecordKind {
  /// The name of a type byte.
  static func name(_ type: UInt8) -> String { RecordKind(rawValue: type).map { "\($0)" } ?? "\(type)" }

  /// Counts by the type byte, for people.
  static func list(_ counts: [UInt8: UInt64]) -> String {
    let words = counts.sorted { $0.key < $1.key }.map { "\($0.value) \(name($0.key))" }
    return words.isEmpty ? "none" : words.joined(separator: ", ")
  }
}
