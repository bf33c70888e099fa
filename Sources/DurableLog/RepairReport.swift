/// What a repair keeps, what it cannot, and where the old files go.
package struct RepairReport: Hashable, Sendable {
  /// A file of the old log.
  package struct File: Hashable, Sendable {
    package let name: String
    /// Why it is no part of the log, where it is none.
    package let note: String?
  }

  package let directory: String
  /// Where all files of the old log go, whole.
  package let quarantine: String
  /// How many records are kept of each type, by the type byte.
  package internal(set) var kept: [UInt8: UInt64] = [:]
  /// What is missing, in order. Some of it may be fill, which held nothing.
  package internal(set) var gaps: [LogGap] = []
  package internal(set) var files: [File] = []
  /// The room that the new log needs while it is made, in bytes.
  package internal(set) var neededBytes = 1 << 20

  init(directory: String, quarantine: String) {
    self.directory = directory
    self.quarantine = quarantine
  }

  mutating func add(_ step: LogSalvage.Step) {
    switch step {
    case .record(let form, let payload):
      kept[form.type, default: 0] += 1
      // With its share of the fill.
      let bytes = RecordHeader.recordBytes(payload: payload.count)
      neededBytes += bytes + bytes / 8
    case .gap(let gap): gaps.append(gap)
    }
  }

  mutating func add(_ segment: FoundSegment) {
    let note: String? =
      switch segment.place {
      case .member: segment.header == nil ? "its header is damaged" : nil
      case .renamed: "it has the name of another segment; its records are kept where no other file has them"
      case .otherLog: "it belongs to another log; nothing of it is kept"
      case .unreadable: "nothing in it can be read"
      }
    files.append(File(name: segment.name, note: note))
  }
}
